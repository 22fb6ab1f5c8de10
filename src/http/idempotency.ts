import type { Clock } from "../core/clock.ts";
import { dayMs } from "../core/clock.ts";
import { DomainError, invalidField } from "../core/errors.ts";
import type { Subkeys } from "../crypto/root-key.ts";
import { seal, unseal } from "../crypto/seal.ts";
import type { Alongside, Database } from "../db/client.ts";
import { isUniqueViolation } from "../db/database-error.ts";
import type { Actor } from "../organizations/actor.ts";
import { findAnswer, keepAnswer } from "./idempotency-store.ts";
import { pathOf } from "./request-path.ts";

export const idempotencyKeyLengthMax = 255;
export const answerKeptMs = dayMs;

export interface Answer {
  status: number;
  body: unknown;
  /** Those that tell of the effect, such as what was charged: they are kept with the answer. */
  headers?: Record<string, string>;
}

interface Attempt {
  request: Request;
  /** Whose request it is. Another caller's Idempotency-Keys are other keys. */
  actor: Pick<Actor, "id" | "organizationId" | "role">;
  /** What has to be the same for a retry, besides method, path and organization. */
  payload: unknown;
}

/**
 * `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header): the same key and payload get
 * the first answer again, another payload 422, a request still under way 409. The answer is stored
 * in the transaction of the effect, so there is never one without the other.
 *
 * An answer can hold a new secret, which is never stored. So it is sealed under a key made from the
 * root key and the Idempotency-Key itself, of which only a keyed hash is kept: who sends the same
 * request with the same key gets the same answer, and nobody else can read it.
 */
export class Idempotency {
  #underWay = new Set<string>();

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly subkeys: Pick<Subkeys, "idempotencyHash" | "answerKey">,
  ) {}

  /** Answers 201 with what `make` makes; `make` puts `alongside(made)` in its transaction. */
  create<T>(
    attempt: Attempt,
    make: (alongside: (made: T) => Alongside) => Promise<T>,
  ): Promise<Response> {
    return this.run(attempt, async (remember) => ({
      status: 201,
      body: await make((made) => remember({ status: 201, body: made })),
    }));
  }

  /** Runs `perform`, or gives its earlier answer. `perform` puts `remember(answer)` in its transaction. */
  async run(
    attempt: Attempt,
    perform: (remember: (answer: Answer) => Alongside) => Promise<Answer>,
  ): Promise<Response> {
    const key = readKey(attempt.request);
    if (key === undefined) return toResponse(await perform(() => []));
    const place = this.#placeOf(attempt, key);
    const name = `${place.callerId} ${place.keyHash}`;
    if (this.#underWay.has(name)) throw inProgress();
    this.#underWay.add(name);
    try {
      return await this.#runOnce(place, perform);
    } finally {
      this.#underWay.delete(name);
    }
  }

  /**
   * For work of several transactions: `perform` makes each of its effects once for the name it is given,
   * which is the same for every retry of the request and no other. The answer is kept after them.
   */
  runByName(
    attempt: Attempt,
    perform: (name: string | undefined) => Promise<Answer>,
  ): Promise<Response> {
    const key = readKey(attempt.request);
    const place = key === undefined ? undefined : this.#placeOf(attempt, key);
    const name = place && `${place.keyHash}.${place.payloadHash}`;
    return this.run(attempt, async (remember) => {
      const answer = await perform(name);
      const [first, ...rest] = remember(answer);
      if (first !== undefined) await this.db.write.batch([first, ...rest]);
      return answer;
    });
  }

  async #runOnce(
    place: Place,
    perform: (remember: (answer: Answer) => Alongside) => Promise<Answer>,
  ): Promise<Response> {
    const earlier = await this.#recall(place);
    if (earlier !== undefined) return earlier;
    try {
      return toResponse(await perform((answer) => this.#remember(place, answer)));
    } catch (error) {
      // An answer to the same key came in between.
      const other = isUniqueViolation(error) ? await this.#recall(place) : undefined;
      if (other !== undefined) return other;
      throw error;
    }
  }

  #placeOf({ actor, request, payload }: Attempt, key: string): Place {
    const { idempotencyHash } = this.subkeys;
    const { id: callerId, organizationId, role } = actor;
    // With the role: who has lost it is shown no answer of before.
    const said = [request.method, pathOf(request), organizationId, role, payload];
    const fingerprint = JSON.stringify(said);
    return {
      callerId,
      key,
      keyHash: idempotencyHash.of(`key ${callerId} ${key}`),
      payloadHash: idempotencyHash.of(`payload ${fingerprint}`),
    };
  }

  async #recall(place: Place): Promise<Response | undefined> {
    const kept = await findAnswer(this.db, place, this.clock.nowMs());
    if (kept === undefined) return undefined;
    if (kept.payloadHash !== place.payloadHash) {
      throw new DomainError(
        "idempotency_key_reused",
        "This Idempotency-Key was used with another request. Use a new one for a new request.",
      );
    }
    const text = unseal(this.subkeys.answerKey, place.key, contextOf(place), kept.sealedAnswer);
    return toResponse(JSON.parse(text), { "idempotency-replayed": "true" });
  }

  #remember(place: Place, answer: Answer): Alongside {
    const { callerId, keyHash, payloadHash, key } = place;
    const nowMs = this.clock.nowMs();
    const text = JSON.stringify(answer);
    const sealedAnswer = seal(this.subkeys.answerKey, key, contextOf(place), text);
    const expiresAtMs = nowMs + answerKeptMs;
    const row = { callerId, keyHash, payloadHash, sealedAnswer, expiresAtMs };
    return keepAnswer(this.db, row, nowMs);
  }
}

interface Place {
  callerId: string;
  key: string;
  keyHash: string;
  payloadHash: string;
}

function contextOf(place: Place): string {
  return `idempotent_answers ${place.callerId} ${place.keyHash} ${place.payloadHash}`;
}

/** Whether a request carries an Idempotency-Key: the others need no answer kept. */
export function isRetriable(request: Request): boolean {
  return request.headers.has("idempotency-key");
}

function readKey(request: Request): string | undefined {
  const key = request.headers.get("idempotency-key");
  if (key === null) return undefined;
  if (key.length === 0 || key.length > idempotencyKeyLengthMax || !/^[\x20-\x7e]+$/.test(key)) {
    const rule = `Give 1 to ${idempotencyKeyLengthMax} printable ASCII characters.`;
    throw invalidField("Idempotency-Key", rule);
  }
  return key;
}

function toResponse(answer: Answer, headers: Record<string, string> = {}): Response {
  return Response.json(answer.body, {
    status: answer.status,
    headers: { "cache-control": "no-store", ...answer.headers, ...headers },
  });
}

function inProgress(): DomainError {
  return new DomainError(
    "idempotency_in_progress",
    "A request with this Idempotency-Key is still running. Try again shortly.",
    { retryAfterSeconds: 1 },
  );
}
