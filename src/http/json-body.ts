import { DomainError, invalidField } from "../core/errors.ts";

export const bodyBytesMax = 1_048_576;
/** Objects and arrays inside each other. */
export const jsonDepthMax = 32;

/** Names that reach an object's prototype in careless code further on (CVE-2025-66456). */
const dangerousNames = new Set(["__proto__", "constructor", "prototype"]);

/**
 * The body as JSON. No body at all is `{}`, so that an operation whose fields are all optional can
 * be called with none. Throws 413, 415, 400 for what is no JSON, 422 for a dangerous name.
 */
export async function readJsonBody(request: Request): Promise<unknown> {
  if (Number(request.headers.get("content-length") ?? 0) > bodyBytesMax) throw tooLarge();
  const text = await readText(request);
  if (text === "") return {};
  requireJsonType(request.headers.get("content-type"));
  const value = parse(text);
  inspect(value, "", 1);
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

/** Reads at most the bound, whatever the length header says or does not say. */
async function readText(request: Request): Promise<string> {
  if (request.body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > bodyBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return decodeUtf8(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks));
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new DomainError("invalid_json", "The body is not UTF-8.");
  }
}

function inspect(value: unknown, path: string, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > jsonDepthMax) {
    throw new DomainError("invalid_json", `The JSON is nested more than ${jsonDepthMax} deep.`);
  }
  for (const [name, inner] of Object.entries(value)) {
    const innerPath = path === "" ? name : `${path}.${name}`;
    if (dangerousNames.has(name)) throw invalidField(innerPath, "This name is not allowed.");
    inspect(inner, innerPath, depth + 1);
  }
}

function tooLarge(): DomainError {
  return new DomainError("payload_too_large", `The body is larger than ${bodyBytesMax} bytes.`);
}
