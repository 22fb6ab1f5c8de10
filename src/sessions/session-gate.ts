import type { Clock } from "../core/clock.ts";
import { hourMs, minuteMs, secondMs } from "../core/clock.ts";
import { describeError, type Logger } from "../core/log.ts";
import { newId } from "../crypto/ids.ts";
import type { KeyedHash } from "../crypto/keyed-hash.ts";
import { isToken, newToken } from "../crypto/token.ts";
import type { Database } from "../db/client.ts";
import type { Origin } from "../organizations/actor.ts";
import { sessionCookie } from "./session-cookie.ts";
import { findSession, type SessionRow, touchSession, type UserRow } from "./session-store.ts";

/** How far behind the time of a session's last use may be. */
const touchedEveryMs = minuteMs;

export interface LoggedIn {
  session: SessionRow;
  user: UserRow;
}

/** A session that is about to begin: its row, and the cookie that hands it over. */
export interface NewSession {
  row: SessionRow;
  cookie: string;
}

/**
 * Sessions of the console: an opaque token in a cookie, its keyed hash in a row. Every request reads
 * the row and its user, so that whatever ended or changed one of them holds for the next request,
 * whoever made the change. It ends after a while without use, and at its end in any case.
 */
export class SessionGate {
  readonly #idleMs: number;
  readonly #lifeMs: number;
  readonly #touchedEveryMs: number;

  constructor(
    private readonly options: {
      db: Database;
      clock: Clock;
      log: Logger;
      tokenHash: KeyedHash;
      idleMinutes: number;
      lifeHours: number;
    },
  ) {
    this.#idleMs = options.idleMinutes * minuteMs;
    this.#touchedEveryMs = Math.min(touchedEveryMs, this.#idleMs / 4);
    this.#lifeMs = options.lifeHours * hourMs;
  }

  /** Who is logged in with this token; undefined when nobody is, for whatever reason. */
  async find(token: string): Promise<LoggedIn | undefined> {
    const { db, clock, tokenHash } = this.options;
    if (!isToken(token)) return undefined;
    const found = await findSession(db, tokenHash.of(token));
    if (found === undefined || found.user.state !== "active") return undefined;
    const { session } = found;
    const nowMs = clock.nowMs();
    if (session.expiresAtMs <= nowMs || session.lastUsedAtMs <= this.idleSinceMs(nowMs)) {
      return undefined;
    }
    if (nowMs - session.lastUsedAtMs >= this.#touchedEveryMs) this.#touch(session.id, nowMs);
    return found;
  }

  /** A session that was last used at this moment or before has ended. */
  idleSinceMs(nowMs: number): number {
    return nowMs - this.#idleMs;
  }

  /** A new session, with an id and a token of its own, for whoever has just proved who they are. */
  create(userId: string, origin: Origin): NewSession {
    const { clock, tokenHash } = this.options;
    const nowMs = clock.nowMs();
    const token = newToken();
    const row = {
      id: newId("session", nowMs),
      hash: tokenHash.of(token),
      userId,
      createdAtMs: nowMs,
      lastUsedAtMs: nowMs,
      expiresAtMs: nowMs + this.#lifeMs,
      address: origin.address,
      userAgent: origin.userAgent,
    };
    return { row, cookie: sessionCookie(token, this.#lifeMs / secondMs) };
  }

  /** Nobody waits for it: when it is lost, the session ends a minute early. */
  #touch(sessionId: string, nowMs: number): void {
    const { db, log } = this.options;
    touchSession(db, sessionId, nowMs).catch((error: unknown) => {
      log.warn("The use of a session was not noted", { error: describeError(error) });
    });
  }
}
