import { DomainError } from "../core/errors.ts";
import type { Origin } from "../organizations/actor.ts";
import type { PeopleContext } from "../users/people-context.ts";
import { findUser } from "../users/user-store.ts";
import { checkPassword } from "./check-password.ts";
import { personActor } from "./person-actor.ts";
import type { LoggedIn } from "./session-gate.ts";
import { insertSession } from "./session-store.ts";

/** Somebody who is logged in from now on, and the cookie by which. */
export interface NewLogin extends LoggedIn {
  cookie: string;
}

/** Logs a user in, with a session of its own. Throws 401 or 429 as `checkPassword` does. */
export async function logIn(
  context: PeopleContext,
  { email, password, origin }: { email: string; password: string; origin: Origin },
): Promise<NewLogin> {
  const { db, audit, sessions } = context;
  const checked = await checkPassword(context, { email, password, address: origin.address });
  return audit.record({
    actor: personActor(checked, origin),
    build: async () => {
      // Disabled, or given another password, while the old one was being checked.
      const user = await findUser(db, checked.id);
      if (user?.state !== "active" || user.passwordHash !== checked.passwordHash) {
        throw new DomainError("login_failed", "Email or password is wrong.");
      }
      const { row: session, cookie } = sessions.create(user.id, origin);
      return {
        change: insertSession(db, session),
        entry: {
          action: "session.started",
          targetId: session.id,
          organizationId: null,
          changes: { before: null, after: { user_id: user.id } },
        },
        result: { user, session, cookie },
      };
    },
  });
}
