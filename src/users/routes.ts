import { Elysia } from "elysia";
import type { Config } from "../config/schema.ts";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import { management } from "../http/management.ts";
import { pageOf, readIntegers, toPage } from "../http/pagination.ts";
import { publicUrl } from "../http/public-url.ts";
import { changeUser, requireUser } from "./change-user.ts";
import { describeUser } from "./describe-user.ts";
import { offerUserReset } from "./offer-password-reset.ts";
import type { PeopleContext } from "./people-context.ts";
import * as schemas from "./schemas.ts";
import { listUsers } from "./user-store.ts";

const tags = ["Users"];
const order = "users";

/** `/users`: everybody with a login, for the operator. */
export function userRoutes(services: {
  authorizer: Authorizer;
  people: PeopleContext;
  config: Config;
}) {
  const { people, config } = services;
  return new Elysia({ name: "users" })
    .use(management(services.authorizer))
    .get(
      "/users",
      async ({ query }) => {
        const page = pageOf(query, order);
        const filter = { email: query.email?.toLowerCase() };
        return toPage(await listUsers(people.db, filter, page), page, order, describeUser);
      },
      {
        transform: readIntegers,
        query: schemas.ListUsersQuerySchema,
        response: { 200: schemas.UserListSchema },
        detail: { operationId: "listUsers", tags, summary: "List users" },
      },
    )
    .get(
      "/users/:id",
      async ({ params }) => describeUser(await requireUser(people.db, params.id)),
      {
        params: schemas.userParams,
        response: { 200: schemas.UserSchema },
        detail: { operationId: "showUser", tags, summary: "Show a user" },
      },
    )
    .patch(
      "/users/:id",
      ({ params, body, actor }) => changeUser(people, { userId: params.id, input: body, actor }),
      {
        params: schemas.userParams,
        body: schemas.ChangeUserSchema,
        response: { 200: schemas.UserSchema, 409: ErrorSchema },
        detail: {
          operationId: "changeUser",
          tags,
          summary: "Change or disable a user",
          description:
            "Sessions and user keys of a disabled user are refused when the call returns, and work again when that is lifted.",
        },
      },
    )
    .post(
      "/users/:id/password-reset",
      ({ request, params, actor }) => {
        const baseUrl = publicUrl(config, request);
        return offerUserReset(people, { userId: params.id, actor, baseUrl });
      },
      {
        params: schemas.userParams,
        response: { 200: schemas.OneTimeLinkSchema },
        detail: {
          operationId: "offerUserPasswordReset",
          tags,
          summary: "Make a link to a new password",
          description: "Works once, for a day. Pass it on by a way that you trust.",
        },
      },
    );
}
