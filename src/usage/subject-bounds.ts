import { dayMs } from "../core/clock.ts";
import { printableLine } from "../http/schema-parts.ts";

/** Skills and models that are told apart in the requests of one key, a UTC day. */
export const usageSubjectsOfKeyMax = 100;
/** The same of all keys. */
export const usageSubjectsMax = 50_000;

const isLine = new RegExp(printableLine, "u");

/**
 * Which skills and models are counted by name. Whoever holds a key can name any, and each name is three rows
 * a day and key: names beyond the bounds are counted without.
 */
export class SubjectBounds {
  #day = -1;
  #known = new Map<string, Set<string>>();
  #size = 0;

  /** The name, or the empty one in its place. */
  fit(keyId: string, subject: string, wallMs: number): string {
    if (subject === "") return "";
    const day = Math.floor(wallMs / dayMs);
    if (day !== this.#day) {
      this.#day = day;
      this.#known.clear();
      this.#size = 0;
    }
    const ofKey = this.#known.get(keyId);
    if (ofKey?.has(subject)) return subject;
    const isFull = this.#size >= usageSubjectsMax || (ofKey?.size ?? 0) >= usageSubjectsOfKeyMax;
    if (isFull || !isLine.test(subject) || !subject.isWellFormed()) return "";
    if (ofKey === undefined) this.#known.set(keyId, new Set([subject]));
    else ofKey.add(subject);
    this.#size++;
    return subject;
  }
}
