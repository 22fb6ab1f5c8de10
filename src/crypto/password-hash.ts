import { hash, verify } from "@node-rs/argon2";
import { DomainError } from "../core/errors.ts";

/** OWASP's smallest argon2id setting: 19 MiB, two passes, one lane (Password Storage Cheat Sheet). */
const argon2id = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** How the PHC string of a hash made today begins. */
const currentParameters = `$argon2id$v=19$m=${argon2id.memoryCost},t=${argon2id.timeCost},p=${argon2id.parallelism}$`;

/** A hash of nobody's password: verifying against it takes as long as against a real one. */
export const nobodysHash = `${currentParameters}c29tZXNhbHRmb3Jub2JvZHk$aGFzaG9mbm9ib2R5c3Bhc3N3b3JkMDAwMDAwMDAwMDA`;

/** Whether a hash was made with other parameters than those of today. */
export function isOutdated(phc: string): boolean {
  return !phc.startsWith(currentParameters);
}

/** Hashes computed at once; each takes a thread and 19 MiB. */
export const passwordHashesMax = 2;
/** Hashes that may wait for their turn; one more is answered 503. */
export const passwordQueueMax = 64;

/**
 * argon2id for what people choose. The work runs on the addon's threads, off the event loop, and a
 * bounded number at a time, so that a flood of log-ins costs waiting and not the machine.
 */
export class PasswordHasher {
  #running = 0;
  #waiting: (() => void)[] = [];

  /** The PHC string of a password, with its parameters and salt in it. */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(normalized(password), argon2id));
  }

  /** Whether the password is the one behind the PHC string; false for a string that is none. */
  verify(phc: string, password: string): Promise<boolean> {
    return this.#inTurn(() => verify(phc, normalized(password)).catch(() => false));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running >= passwordHashesMax) {
      if (this.#waiting.length >= passwordQueueMax) {
        const options = { retryAfterSeconds: 1 };
        throw new DomainError("overloaded", "Too many log-ins at once.", options);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
  }
}

/** Keyboards write one letter as one code point or as two (NIST SP 800-63B section 3.1.1.2). */
function normalized(password: string): string {
  return password.normalize("NFKC");
}
