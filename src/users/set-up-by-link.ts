import { DomainError, invalidField } from "../core/errors.ts";
import type { NewLogin } from "../sessions/log-in.ts";
import { describeUser } from "./describe-user.ts";
import { finish, newUser, notValid, type Use } from "./link-use.ts";
import type { PeopleContext } from "./people-context.ts";
import { insertOperator } from "./set-up-operator.ts";
import { countOperators, findUserByEmail } from "./user-store.ts";

/** Makes the first operator. Throws 410 when there is one, 409 for a taken address, 422. */
export async function setUpByLink(context: PeopleContext, use: Use): Promise<NewLogin> {
  const { db } = context;
  const email = use.input.email?.toLowerCase();
  if (email === undefined) throw invalidField("email", "This field is required.");
  const user = await newUser(context, { email, use, isOperator: true });
  return finish(context, { ...use, userId: user.id }, async () => {
    if ((await countOperators(db)) > 0) throw notValid();
    if ((await findUserByEmail(db, email)) !== undefined) {
      throw new DomainError("conflict", "There is a user with this address.", { param: "email" });
    }
    const entry = { action: "user.created" as const, organizationId: null };
    return { user, change: await insertOperator(db, user), entry, after: describeUser(user) };
  });
}
