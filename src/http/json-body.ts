import { DomainError, invalidField } from "../core/errors.ts";

export const bodyBytesMax = 1_048_576;
/** Objects and arrays inside each other. */
export const jsonDepthMax = 32;
/** Values in one body, the small ones too: what comes after reading is work for each of them. */
export const jsonValuesMax = 20_000;
/** Bytes of all bodies that are being read at one time. */
export const bodiesBytesMax = 67_108_864;
/** Bodies up to this size are read all the same: nobody's large ones keep others from small calls. */
const smallBodyBytes = 65_536;

/** Names that reach an object's prototype in careless code further on (CVE-2025-66456). */
const dangerousNames = new Set(["__proto__", "constructor", "prototype"]);

/** What one body may hold. */
export interface BodyBounds {
  bytes: number;
  values: number;
}

const usualBounds: BodyBounds = { bytes: bodyBytesMax, values: jsonValuesMax };

/**
 * The body as JSON. No body at all is `{}`, so that an operation whose fields are all optional can
 * be called with none. Throws 413, 415, 400 for what is no JSON, 422 for a dangerous name.
 */
export async function readJsonBody(request: Request, bounds = usualBounds): Promise<unknown> {
  const { bytes } = bounds;
  if (Number(request.headers.get("content-length") ?? 0) > bytes) throw tooLarge(bytes);
  const text = await readText(request, bytes);
  if (text === "") return {};
  requireJsonType(request.headers.get("content-type"));
  // A client whose body is optional may say so with null.
  const value = parse(text) ?? {};
  inspect(value, { path: "", depth: 1, valuesMax: bounds.values }, 0);
  return value;
}

function requireJsonType(contentType: string | null): void {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json" || type?.endsWith("+json")) return;
  throw new DomainError(
    "unsupported_media_type",
    "The body must be JSON: send Content-Type: application/json.",
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DomainError("invalid_json", "The body is not valid JSON.");
  }
}

let bytesBeingRead = 0;

async function readText(request: Request, bytesMax: number): Promise<string> {
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  if (length <= smallBodyBytes && !request.headers.has("transfer-encoding")) {
    return readSmall(request);
  }
  return request.body === null ? "" : readChunks(request.body, bytesMax);
}

/**
 * A small body whose length is said comes in one piece: the server takes so many bytes and no more. To
 * go through its stream costs a tenth of a verification. It is not counted: what is announced need never
 * come, and must not keep others from theirs.
 */
async function readSmall(request: Request): Promise<string> {
  const bytes = await request.bytes().catch((error: unknown) => {
    throw bodyEnded(error);
  });
  return decodeUtf8(bytes);
}

/** Reads at most the bound, whatever the length header says or does not say. */
async function readChunks(body: ReadableStream, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      bytesBeingRead += chunk.byteLength;
      if (size > bytesMax) throw tooLarge(bytesMax);
      if (bytesBeingRead > bodiesBytesMax && size > smallBodyBytes) throw tooMany();
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof DomainError ? error : bodyEnded(error);
  } finally {
    bytesBeingRead -= size;
  }
  return decodeUtf8(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks));
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new DomainError("invalid_json", "The body is not UTF-8.");
  }
}

interface Place {
  path: string;
  depth: number;
  valuesMax: number;
}

/** Walks the whole value once; returns how many values it holds. */
function inspect(value: unknown, place: Place, seen: number): number {
  const { path, depth, valuesMax } = place;
  let count = seen + 1;
  if (count > valuesMax) throw tooManyValues(valuesMax);
  if (typeof value === "string") requireStorable(value, path);
  if (typeof value !== "object" || value === null) return count;
  if (depth > jsonDepthMax) {
    throw new DomainError("invalid_json", `The JSON is nested more than ${jsonDepthMax} deep.`);
  }
  if (Array.isArray(value) && count + value.length > valuesMax) {
    throw tooManyValues(valuesMax);
  }
  for (const name of Object.keys(value)) {
    requireStorable(name, path);
    const innerPath = path === "" ? name : `${path}.${name}`;
    if (dangerousNames.has(name)) throw invalidField(innerPath, "This name is not allowed.");
    const inner = { path: innerPath, depth: depth + 1, valuesMax };
    count = inspect((value as Record<string, unknown>)[name], inner, count);
  }
  return count;
}

function bodyEnded(cause: unknown): DomainError {
  return new DomainError("invalid_request", "The body ended before its end.", { cause });
}

function tooLarge(bytesMax: number): DomainError {
  return new DomainError("payload_too_large", `The body is larger than ${bytesMax} bytes.`);
}

function tooMany(): DomainError {
  const options = { retryAfterSeconds: 1 };
  return new DomainError("overloaded", "Too many bodies are being read at once.", options);
}

function tooManyValues(valuesMax: number): DomainError {
  return new DomainError("invalid_json", `The JSON holds more than ${valuesMax} values.`);
}

/** SQLite ends a text at NUL, and half a surrogate pair is no Unicode: neither comes back as it was. */
function requireStorable(text: string, path: string): void {
  if (!text.includes("\0") && text.isWellFormed()) return;
  throw invalidField(path, "Holds a NUL or half a surrogate pair.");
}
