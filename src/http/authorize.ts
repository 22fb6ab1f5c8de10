import { DomainError, invalidField, notFound } from "../core/errors.ts";
import { isAtLeast } from "../core/tenancy.ts";
import type { Database } from "../db/client.ts";
import { wholeSeconds } from "../keys/denials.ts";
import type { LiveSecret } from "../keys/live-key.ts";
import type { HitLimiter } from "../limits/hit-limiter.ts";
import { type Actor, noLimits } from "../organizations/actor.ts";
import { findOrganization, firstWorkspaceId } from "../organizations/tenant-store.ts";
import { readSessionCookie } from "../sessions/session-cookie.ts";
import type { LoggedIn, SessionGate } from "../sessions/session-gate.ts";
import { listMemberships, type Membership, type UserRow } from "../sessions/session-store.ts";
import type { Authenticator, Call } from "./authenticate.ts";
import { refuseCrossSite } from "./cross-site.ts";
import { pathOf } from "./request-path.ts";
import { type ManagementAccess, routeAccess, scopesOfRole } from "./route-access.ts";

/** The header by which a caller of several organizations says which one a call is about. */
export const organizationHeader = "Tollgate-Organization";

/** Requests of one user's sessions in a minute. */
export const sessionRequestsMax = 600;

interface Tenant {
  organizationId: string;
  workspaceId: string;
}

/** Of a call that is about no organization. */
const noTenant: Tenant = { organizationId: "", workspaceId: "" };

/**
 * Lets management calls in by the access table: those of a key by its scopes, those of a person by
 * the session's cookie and the role in the organization the call is about. A header with a key goes
 * before a cookie: browsers send cookies by themselves.
 */
export class Authorizer {
  constructor(
    private readonly services: {
      db: Database;
      authenticator: Authenticator;
      sessions: SessionGate;
      sessionLimiter: HitLimiter;
    },
  ) {}

  /** Throws unless a management call to `route`, such as `PATCH /api-keys/:id`, may go on. */
  async authorize(call: Call, route: string): Promise<void> {
    const access = managementAccess(route);
    if (sessionToken(call, this.services.authenticator) === undefined) {
      await this.services.authenticator.recognizeManager(call, access);
    } else {
      await this.#actorOfSession(call, route, await this.recognizeLogin(call));
    }
  }

  /** Authorizes and counts a management call. Returns its actor; throws 400 to 404, or 429. */
  async manage(call: Call, route: string): Promise<Actor> {
    if (sessionToken(call, this.services.authenticator) !== undefined) {
      return this.#actorOfSession(call, route, await this.requireLogin(call));
    }
    const { authenticator } = this.services;
    const secret = await authenticator.recognizeManager(call, managementAccess(route));
    authenticator.countManager(call, secret);
    return this.#actorOfKey(call, route, secret);
  }

  /** Who is logged in, and counts the call. Throws 401, 403 or 429. */
  async requireLogin(call: Call): Promise<LoggedIn> {
    const login = await this.recognizeLogin(call);
    const waitMs = this.services.sessionLimiter.hit(login.user.id);
    if (waitMs === 0) return login;
    throw new DomainError("rate_limit_exceeded", "Too many requests in a minute.", {
      retryAfterSeconds: wholeSeconds(waitMs),
    });
  }

  /** The session behind the cookie. Throws 401 when there is none that holds, 403 across sites. */
  async recognizeLogin(call: Call): Promise<LoggedIn> {
    const { authenticator, sessions } = this.services;
    const token = readSessionCookie(call.request);
    if (token === undefined) {
      authenticator.countAnonymous(call.request);
      throw new DomainError("missing_credentials", "You are not logged in. POST /auth/login.");
    }
    refuseCrossSite(call.request);
    const login = await sessions.find(token);
    if (login !== undefined) return login;
    authenticator.countAnonymous(call.request);
    throw new DomainError("invalid_session", "The session has ended. Log in again.");
  }

  async #actorOfKey(call: Call, route: string, secret: LiveSecret): Promise<Actor> {
    const { grant } = secret.live;
    const { authenticator } = this.services;
    return {
      ...(await this.#tenantOfKey(call, route, secret)),
      type: "key",
      id: grant.keyId,
      userId: null,
      role: null,
      scopes: grant.scopes,
      instanceWide: grant.instanceWide,
      expiresAtMs: grant.expiresAtMs,
      addressRanges: grant.addressRanges,
      limits: grant.limits,
      origin: () => authenticator.originOf(call.request),
      refresh: async () => {
        const { scope } = managementAccess(route);
        return this.#actorOfKey(call, route, await authenticator.recognizeAgain(call, scope));
      },
    };
  }

  /** A key is bound to its organization, the operator's to the instance. Throws 404 for any other. */
  async #tenantOfKey(call: Call, route: string, { live }: LiveSecret): Promise<Tenant> {
    const { organizationId, workspaceId, instanceWide } = live.grant;
    const own = { organizationId, workspaceId };
    const reference = organizationAskedFor(call, route);
    if (reference === undefined || reference === organizationId) return own;
    const asked = await findOrganization(this.services.db, reference);
    if (asked?.id === organizationId) return own;
    if (asked === undefined || !instanceWide) throw notFound("organization");
    return this.#tenantOf(asked.id);
  }

  async #actorOfSession(call: Call, route: string, { user }: LoggedIn): Promise<Actor> {
    const access = managementAccess(route);
    if (access.role === "operator" && !user.isOperator) throw lacksRole(roleNames.operator);
    const memberships = await listMemberships(this.services.db, user.id);
    const reference = organizationAskedFor(call, route);
    const membership = chooseMembership(memberships, reference);
    if (membership === undefined) requireNone(access, { memberships, reference, user });
    else if (!user.isOperator) requireRole(access, membership);
    const tenant = await this.#tenantOfSession(membership, reference);
    const role = membership?.role ?? null;
    return {
      ...tenant,
      type: "user",
      id: user.id,
      userId: user.id,
      role,
      scopes: user.isOperator ? ["*"] : role === null ? [] : scopesOfRole(role),
      instanceWide: user.isOperator,
      expiresAtMs: null,
      addressRanges: null,
      limits: noLimits,
      origin: () => this.services.authenticator.originOf(call.request),
      refresh: async () => this.#actorOfSession(call, route, await this.recognizeLogin(call)),
    };
  }

  async #tenantOfSession(
    membership: Membership | undefined,
    reference: string | undefined,
  ): Promise<Tenant> {
    if (membership !== undefined) return this.#tenantOf(membership.organizationId);
    if (reference === undefined) return noTenant;
    const asked = await findOrganization(this.services.db, reference);
    if (asked === undefined) throw notFound("organization");
    return this.#tenantOf(asked.id);
  }

  async #tenantOf(organizationId: string): Promise<Tenant> {
    const workspaceId = await firstWorkspaceId(this.services.db, organizationId);
    return { organizationId, workspaceId };
  }
}

function managementAccess(route: string): ManagementAccess {
  const access = routeAccess[route];
  if (access?.kind !== "management") throw new Error(`No management access for ${route}`);
  return access;
}

/** The cookie's token, unless the request brings a key. */
function sessionToken({ request }: Call, authenticator: Authenticator): string | undefined {
  return authenticator.readToken(request) === undefined ? readSessionCookie(request) : undefined;
}

/** The organization in the path, else the one in the header. */
function organizationAskedFor({ request }: Call, route: string): string | undefined {
  const named = request.headers.get(organizationHeader) ?? undefined;
  if (!route.includes(" /organizations/:id")) return named;
  return pathOf(request).split("/")[2];
}

function chooseMembership(
  memberships: readonly Membership[],
  reference: string | undefined,
): Membership | undefined {
  if (reference === undefined) return memberships.length === 1 ? memberships[0] : undefined;
  return memberships.find(
    ({ organizationId, slug }) => organizationId === reference || slug === reference,
  );
}

/** Throws unless the role is enough, and the organization not suspended. */
function requireRole({ role }: ManagementAccess, membership: Membership): void {
  if (membership.state === "suspended") {
    throw new DomainError("owner_suspended", "The organization is suspended.");
  }
  if (role === "operator" || !isAtLeast(membership.role, role)) throw lacksRole(roleNames[role]);
}

/** Throws unless the call may go on for somebody who is no member of what it is about. */
function requireNone(
  { role, anyOrganization }: ManagementAccess,
  asked: { memberships: readonly Membership[]; reference: string | undefined; user: UserRow },
): void {
  const { memberships, reference, user } = asked;
  if (reference !== undefined) {
    if (user.isOperator) return;
    throw notFound("organization");
  }
  if (anyOrganization || role === "operator") return;
  if (memberships.length === 0 && !user.isOperator) throw lacksRole("a member of an organization");
  throw invalidField(organizationHeader, "Say which organization this is about.");
}

const roleNames = {
  viewer: "a viewer",
  member: "a member",
  admin: "an admin",
  owner: "an owner",
  operator: "an operator",
};

function lacksRole(what: string): DomainError {
  return new DomainError("insufficient_role", `Only ${what} may do this.`);
}
