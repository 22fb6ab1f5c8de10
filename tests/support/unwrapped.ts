import type { Envelope } from "../../src/dialects/dialect.ts";

type Json = Record<string, unknown>;
const mark = "the answer itself";

/** An answer out of the dialect's envelope; as it is where it is in none. */
export function unwrapped<T>(envelope: Envelope | undefined, status: number, answer: T): T {
  if (envelope === undefined) return answer;
  const empty: Json = JSON.parse(`${envelope.before(status)}"${mark}"${envelope.after}`);
  const inside = Object.keys(empty).find((name) => empty[name] === mark) ?? "";
  const { [inside]: value, ...rest } = answer as Json;
  const { [inside]: _, ...expected } = empty;
  return value !== undefined && Bun.deepEquals(rest, expected) ? (value as T) : answer;
}
