import { randomBytes } from "node:crypto";

const bootId = randomBytes(5).toString("hex");
let count = 0;

/** A new id: unique by the process's random part and a counter, so it costs next to nothing. */
export function newRequestId(): string {
  return `req_${bootId}${(++count).toString(36).padStart(7, "0")}`;
}

const ids = new WeakMap<Request, string>();

/** `request` was made from `original`, and is the same to whoever asks about it. */
export function shareRequestId(request: Request, original: Request): void {
  ids.set(request, requestIdOf(original));
}

/**
 * The id of a request, made at the first question. A client's own `X-Request-Id` is not believed:
 * the id has to be unique in the log.
 */
export function requestIdOf(request: Request): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const id = newRequestId();
  ids.set(request, id);
  return id;
}
