import { DomainError } from "../core/errors.ts";
import { type Ask, type Denial, decide, isUsable } from "../keys/decide.ts";
import * as denials from "../keys/denials.ts";
import { writeCredits } from "../keys/key-face.ts";
import type { KeyGate } from "../keys/key-gate.ts";
import type { LiveSecret } from "../keys/live-key.ts";
import type { AddressLimiter } from "../limits/address-limiter.ts";
import { rollWindows } from "../limits/counters.ts";
import type { Actor, Origin } from "../organizations/actor.ts";
import { holdsScope } from "../permissions/scopes.ts";
import { readBearer } from "./bearer.ts";
import type { ClientAddresses } from "./client-address.ts";
import type { Metrics } from "./metrics.ts";
import { requestIdOf } from "./request-id.ts";
import type { ManagementAccess } from "./route-access.ts";

/** Characters of a User-Agent that are kept. */
const userAgentLengthMax = 200;

/** The headers that go on the answer, whatever it will be. */
export type AnswerHeaders = Record<string, unknown>;

/** A request, and the headers its answer will have. */
export interface Call {
  request: Request;
  headers: AnswerHeaders;
}

/** An `Ask` with every field named, so that none can be left out by mistake. */
type Asked = { [Field in keyof Required<Ask>]: Ask[Field] };

/** What a route knows of the ask; the plane and the address are found out here. */
type RouteAsk = Omit<Ask, "address" | "plane">;

const nothing: RouteAsk = { scopes: [] };

/** Lets keys in, all through the decision: `authorize.ts` adds what the access table asks. */
export class Authenticator {
  constructor(
    private readonly gate: KeyGate,
    private readonly addresses: ClientAddresses,
    private readonly addressLimiter: AddressLimiter,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Runs `respond` for a data-plane call whose key may do what is asked, and counts the call.
   * A key that is in memory is answered without a promise. Throws 400, 401, 403 or 429.
   */
  admit<T>(
    call: Call,
    ask: RouteAsk,
    respond: (secret: LiveSecret) => T | Promise<T>,
  ): T | Promise<T> {
    const token = this.#requireToken(call.request);
    const hot = this.gate.findHot(token);
    if (hot !== undefined) return this.#enter(call, hot, ask, respond);
    return this.gate.find(token).then((found) => this.#enter(call, found, ask, respond));
  }

  /**
   * The same for a call that asks for money too: `shortOf` says whether there is too little. Nothing is
   * charged, and a call that is refused is not counted.
   */
  async admitWithMoney<T>(
    call: Call,
    ask: RouteAsk,
    shortOf: (secret: LiveSecret) => Promise<Denial | undefined>,
    respond: (secret: LiveSecret) => T | Promise<T>,
  ): Promise<T> {
    const token = this.#requireToken(call.request);
    const secret = await this.gate.find(token);
    const denial = this.#judge(call, secret, ask, "data");
    const about = subjectOf(ask);
    if (denial !== undefined || secret === undefined) {
      throw this.#refuse(call, secret, denial, about);
    }
    const short = await shortOf(secret);
    if (short !== undefined) throw this.#refuse(call, secret, short, about);
    return this.#enter(call, await this.gate.find(token), ask, respond);
  }

  /**
   * Throws what `admit` would throw for nothing asked, and counts nothing. For a route that validates
   * before it admits: whoever may not call it gets to know no rules.
   */
  async recognize(call: Call): Promise<void> {
    const secret = await this.gate.find(this.#requireToken(call.request));
    const denial = this.#judge(call, secret, nothing, "data");
    if (denial !== undefined || secret === undefined) throw this.#refuse(call, secret, denial);
    describeLimits(call.headers, secret, this.gate);
  }

  /** Whether a key that may be used was presented; then the state of its limits is on the answer. */
  async isKnown(call: Call): Promise<boolean> {
    const token = this.readToken(call.request);
    const secret = token === undefined ? undefined : await this.gate.find(token);
    if (secret === undefined || !isUsable(secret, this.gate.clock.nowMs())) return false;
    describeLimits(call.headers, secret, this.gate);
    return true;
  }

  /**
   * The management key of a call that may do what the access asks, its limits among it; nothing is
   * counted. Throws like `admit`.
   */
  async recognizeManager(call: Call, access: ManagementAccess): Promise<LiveSecret> {
    const secret = await this.gate.find(this.#requireToken(call.request));
    const denial = this.#judge(call, secret, { scopes: [access.scope] }, "management");
    if (denial !== undefined || secret === undefined) throw this.#refuse(call, secret, denial);
    if (access.role === "operator" && !secret.live.grant.instanceWide) {
      throw this.#refuse(call, secret, denials.notOperator());
    }
    return secret;
  }

  /** Counts a management call, and puts the state of the key's limits on the answer. */
  countManager(call: Call, secret: LiveSecret): void {
    this.#count(secret, "management");
    describeLimits(call.headers, secret, this.gate);
  }

  /**
   * The presented secret as it is now, for a change whose turn has come. Its limits are not asked
   * again: the call was counted when it came in. Throws 401, or 403 when it has lost the scope.
   */
  async recognizeAgain(call: Call, scope?: string): Promise<LiveSecret> {
    const secret = await this.gate.find(this.#requireToken(call.request));
    if (secret === undefined || !isUsable(secret, this.gate.clock.nowMs())) {
      throw this.#refuse(call, secret, denials.notFound());
    }
    if (scope !== undefined && !holdsScope(secret.live.grant.scopes, scope)) {
      throw this.#refuse(call, secret, denials.scopeMissing(scope));
    }
    return secret;
  }

  /** A key of the data plane as the maker of a change, such as the registration of a runtime. */
  dataActor(call: Call, { live: { grant } }: LiveSecret): Actor {
    return {
      type: "key",
      id: grant.keyId,
      userId: grant.userId,
      organizationId: grant.organizationId,
      workspaceId: grant.workspaceId,
      role: null,
      scopes: grant.scopes,
      instanceWide: false,
      expiresAtMs: grant.expiresAtMs,
      addressRanges: grant.addressRanges,
      limits: grant.limits,
      origin: () => this.originOf(call.request),
      refresh: async () => this.dataActor(call, await this.recognizeAgain(call)),
    };
  }

  /** Where a call comes from, for the audit log. */
  originOf(request: Request): Origin {
    return {
      address: this.addresses.of(request) ?? null,
      userAgent: request.headers.get("user-agent")?.slice(0, userAgentLengthMax) ?? null,
      requestId: requestIdOf(request),
    };
  }

  /** Counts a request without a key against its address. Throws 429 when the address is over. */
  countAnonymous(request: Request): void {
    const waitMs = this.addressLimiter.hit(this.addresses.of(request) ?? "unknown");
    if (waitMs === 0) return;
    throw new DomainError("rate_limit_exceeded", "Too many requests without a valid key.", {
      retryAfterSeconds: denials.wholeSeconds(waitMs),
    });
  }

  /** The token that was presented, if any. A malformed header counts against the address like a bad key. */
  readToken(request: Request): string | undefined {
    try {
      return readBearer(request);
    } catch (error) {
      this.countAnonymous(request);
      throw error;
    }
  }

  #requireToken(request: Request): string {
    const token = this.readToken(request);
    if (token !== undefined) return token;
    this.countAnonymous(request);
    throw new DomainError(
      "missing_api_key",
      "API key missing. Send it in the header: Authorization: Bearer KEY.",
    );
  }

  #enter<T>(
    call: Call,
    secret: LiveSecret | undefined,
    ask: RouteAsk,
    respond: (secret: LiveSecret) => T | Promise<T>,
  ): T | Promise<T> {
    const denial = this.#judge(call, secret, ask, "data");
    if (denial !== undefined || secret === undefined) {
      throw this.#refuse(call, secret, denial, subjectOf(ask));
    }
    this.#count(secret, "data", subjectOf(ask));
    const { counters } = secret.live;
    counters.inFlight++;
    let isPending = false;
    try {
      const answer = respond(secret);
      if (!(answer instanceof Promise)) return answer;
      isPending = true;
      return answer.finally(() => counters.inFlight--);
    } finally {
      if (!isPending) counters.inFlight--;
    }
  }

  #judge(
    call: Call,
    secret: LiveSecret | undefined,
    ask: RouteAsk,
    plane: Ask["plane"],
  ): Denial | undefined {
    const grant = secret?.live.grant;
    const needsAddress = grant !== undefined && grant.addressRanges !== null;
    const address = needsAddress ? this.addresses.of(call.request) : undefined;
    // Field by field: spreading `ask` costs more than the decision itself (200 ns against 50).
    const { scopes, model, provider, skill } = ask;
    const asked: Asked = { plane, scopes, model, provider, skill, address };
    return decide(secret, asked, this.gate.now());
  }

  #count(secret: LiveSecret, plane: Ask["plane"], subject = ""): void {
    this.gate.consume(secret, this.gate.clock.nowMs(), subject);
    this.metrics.admitted[plane]++;
  }

  /** The error of a denial. One for a bad credential counts against the address it came from. */
  #refuse(
    call: Call,
    secret: LiveSecret | undefined,
    denial = denials.notFound(),
    subject = "",
  ): DomainError {
    const { code, error } = denial;
    this.metrics.countDenial(code);
    if (secret !== undefined) this.gate.noteRefused(secret, denial, subject);
    if (error.code === "invalid_api_key") this.countAnonymous(call.request);
    else if (secret !== undefined) describeLimits(call.headers, secret, this.gate);
    return error;
  }
}

/** What a request is about: a skill or a model, or nothing. */
function subjectOf({ skill, model }: RouteAsk): string {
  return skill ?? model ?? "";
}

/** Puts the state of the key's limits on the answer, a refusal included. */
function describeLimits(headers: AnswerHeaders, secret: LiveSecret, gate: KeyGate): void {
  const { counters, grant } = secret.live;
  rollWindows(counters, gate.windowClock.nowMs());
  const state = new Headers();
  gate.faces.rateLimitsOf(grant.limits).write(state, counters, gate.windowClock);
  writeCredits(state, grant);
  for (const [name, value] of state) headers[name] = value;
}
