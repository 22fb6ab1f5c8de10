import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { AnswerHeaders, Authenticator } from "../http/authenticate.ts";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import { comingIn, loggedIn } from "../http/management.ts";
import type { PeopleContext } from "../users/people-context.ts";
import { showLink, useLink } from "../users/use-link.ts";
import { changePassword } from "./change-password.ts";
import { describeLogin, describeSession } from "./describe-session.ts";
import { endOtherSessions, endSession, listOwnSessions } from "./end-sessions.ts";
import { logIn, type NewLogin } from "./log-in.ts";
import * as schemas from "./schemas.ts";
import { clearedSessionCookie, readSessionCookie } from "./session-cookie.ts";
import { listMemberships } from "./session-store.ts";

const tags = ["Sessions"];

/** `/auth`: people log in and out, change their password, and use the links they were sent. */
export function sessionRoutes(services: {
  authenticator: Authenticator;
  authorizer: Authorizer;
  people: PeopleContext;
}) {
  const { people } = services;
  return new Elysia({ name: "sessions" })
    .use(comingInRoutes(services.authenticator, people))
    .use(ownRoutes(services.authenticator, services.authorizer, people));
}

async function answerLogin({ db }: PeopleContext, login: NewLogin, headers: AnswerHeaders) {
  headers["set-cookie"] = login.cookie;
  return describeLogin(login, await listMemberships(db, login.user.id));
}

function comingInRoutes(authenticator: Authenticator, people: PeopleContext) {
  return new Elysia({ name: "coming-in-routes" })
    .use(comingIn(authenticator))
    .post(
      "/auth/login",
      async ({ body, origin, set }) =>
        answerLogin(people, await logIn(people, { ...body, origin }), set.headers),
      {
        body: schemas.LoginSchema,
        response: {
          200: schemas.LoggedInSchema,
          401: ErrorSchema,
          403: ErrorSchema,
          429: ErrorSchema,
          503: ErrorSchema,
        },
        detail: {
          operationId: "logIn",
          tags,
          summary: "Log in",
          description:
            "Begins a session in a cookie. The answer is the same for a wrong password and an unknown address.",
        },
      },
    )
    .post(
      "/auth/logout",
      async ({ request, origin, set }) => {
        const token = readSessionCookie(request);
        const login = token === undefined ? undefined : await people.sessions.find(token);
        if (login !== undefined) {
          await endSession(people, { login, sessionId: login.session.id, origin });
        }
        set.headers["set-cookie"] = clearedSessionCookie;
        set.status = 204;
      },
      {
        response: {
          204: Type.Void({ description: "Nobody is logged in by this cookie." }),
          403: ErrorSchema,
          429: ErrorSchema,
          503: ErrorSchema,
        },
        detail: {
          operationId: "logOut",
          tags,
          summary: "Log out",
          description: "Ends the session of the cookie on the server, and takes the cookie back.",
        },
      },
    )
    .post("/auth/links/show", ({ body }) => showLink(people, body.token), {
      body: schemas.ShowLinkSchema,
      response: {
        200: schemas.LinkSchema,
        403: ErrorSchema,
        410: ErrorSchema,
        429: ErrorSchema,
        503: ErrorSchema,
      },
      detail: {
        operationId: "showLink",
        tags,
        summary: "What is this link for?",
        description: "Uses nothing up.",
      },
    })
    .post(
      "/auth/links/use",
      async ({ body, origin, set }) =>
        answerLogin(people, await useLink(people, { input: body, origin }), set.headers),
      {
        body: schemas.UseLinkSchema,
        response: {
          200: schemas.LoggedInSchema,
          401: ErrorSchema,
          403: ErrorSchema,
          409: ErrorSchema,
          410: ErrorSchema,
          429: ErrorSchema,
          503: ErrorSchema,
        },
        detail: {
          operationId: "useLink",
          tags,
          summary: "Use a one-time link",
          description:
            "Makes the first operator, accepts an invitation or sets a new password, and begins a session. It works once.",
        },
      },
    );
}

function ownRoutes(authenticator: Authenticator, authorizer: Authorizer, people: PeopleContext) {
  return new Elysia({ name: "own-sessions" })
    .use(loggedIn(authorizer))
    .get(
      "/auth/session",
      async ({ login }) => describeLogin(login, await listMemberships(people.db, login.user.id)),
      {
        response: { 200: schemas.LoggedInSchema },
        detail: { operationId: "showSession", tags, summary: "Who is logged in?" },
      },
    )
    .get(
      "/auth/sessions",
      async ({ login }) => {
        const rows = await listOwnSessions(people, login);
        return {
          data: rows.map((row) => describeSession(row, login.session.id)),
          next_cursor: null,
        };
      },
      {
        response: { 200: schemas.SessionListSchema },
        detail: { operationId: "listSessions", tags, summary: "List one's sessions" },
      },
    )
    .delete(
      "/auth/sessions",
      async ({ request, login, set }) => {
        await endOtherSessions(people, { login, origin: authenticator.originOf(request) });
        set.status = 204;
      },
      {
        response: { 204: Type.Void({ description: "Only this session is left." }) },
        detail: {
          operationId: "endOtherSessions",
          tags,
          summary: "End one's other sessions",
        },
      },
    )
    .delete(
      "/auth/sessions/:id",
      async ({ request, params, login, set }) => {
        const origin = authenticator.originOf(request);
        await endSession(people, { login, sessionId: params.id, origin });
        set.status = 204;
      },
      {
        params: schemas.sessionParams,
        response: { 204: Type.Void({ description: "The session has ended." }) },
        detail: { operationId: "endSession", tags, summary: "End one of one's sessions" },
      },
    )
    .post(
      "/auth/password",
      async ({ request, body, login, set }) => {
        const changed = await changePassword(people, {
          login,
          currentPassword: body.current_password,
          newPassword: body.new_password,
          origin: authenticator.originOf(request),
        });
        return answerLogin(people, changed, set.headers);
      },
      {
        body: schemas.ChangePasswordSchema,
        response: { 200: schemas.LoggedInSchema },
        detail: {
          operationId: "changePassword",
          tags,
          summary: "Change one's password",
          description: "Ends all one's sessions; the answer begins a new one.",
        },
      },
    );
}
