import type { TSchema } from "@sinclair/typebox";
import type { TypeCheck } from "@sinclair/typebox/compiler";
import type { ValueError } from "@sinclair/typebox/errors";
import { ValidationError } from "elysia";
import type { Clock } from "../core/clock.ts";
import { DomainError, type FieldError } from "../core/errors.ts";
import { describeError, type Logger } from "../core/log.ts";
import { databaseFailure } from "../db/database-error.ts";
import { scopeSyntax } from "../permissions/scopes.ts";
import { skillPatternSyntax, skillSyntax } from "../permissions/skills.ts";
import { emailPattern } from "../users/schemas.ts";
import { allowedMethods } from "./allowed-methods.ts";
import type { AnswerHeaders, Authenticator, Call } from "./authenticate.ts";
import type { RenderError } from "./render-error.ts";
import { requestIdOf } from "./request-id.ts";
import { pathOf } from "./request-path.ts";
import { printableLine } from "./schema-parts.ts";

/** Fields named in one 422; a body with more faults than this is fixed in more than one go anyway. */
const fieldsMax = 50;
/** Characters of a field's name that are repeated to the caller. */
const paramLengthMax = 100;

/** The one place where an error becomes a response, and where it is logged when it is ours. */
export function handleError(
  failure: { error: unknown; code: string | number; request: Request; headers: AnswerHeaders },
  services: { log: Logger; clock: Clock; authenticator: Authenticator; renderError: RenderError },
): Response {
  const { authenticator, renderError } = services;
  const { error, code, request, headers } = failure;
  const known =
    code === "NOT_FOUND"
      ? nothingHere({ request, headers }, authenticator)
      : toDomainError(error, code);
  if (known.status >= 500) logFailure(known, request, services);
  return renderError(known, request, headers);
}

/** A failure that meets every request, such as a full disk, is logged so often and counted between. */
const sameFailureLoggedEveryMs = 1_000;
const lastLogged = new Map<string, { atMs: number; unlogged: number }>();

function logFailure(
  error: DomainError,
  request: Request,
  { log, clock }: { log: Logger; clock: Clock },
): void {
  const nowMs = clock.monotonicMs();
  const last = lastLogged.get(error.code);
  const isExpected = error.code !== "internal_error";
  if (isExpected && last !== undefined && nowMs - last.atMs < sameFailureLoggedEveryMs) {
    last.unlogged++;
    return;
  }
  lastLogged.set(error.code, { atMs: nowMs, unlogged: 0 });
  log.error(error.message, {
    code: error.code,
    request_id: requestIdOf(request),
    same_since_last: last?.unlogged,
    cause: describeError(error.cause ?? error),
  });
}

/** Paths and methods that lead nowhere are counted like any request without a key: scanners try many. */
function nothingHere(call: Call, authenticator: Authenticator): DomainError {
  const { request } = call;
  try {
    if (!authenticator.isKnown(call)) authenticator.countAnonymous(request);
  } catch (error) {
    if (error instanceof DomainError) return error;
  }
  const methods = allowedMethods(pathOf(request));
  if (methods.length === 0) return new DomainError("not_found", "There is nothing at this path.");
  const allow = methods.join(", ");
  return new DomainError("method_not_allowed", `This path has only ${allow}.`, {
    headers: { allow },
  });
}

function toDomainError(error: unknown, code: string | number): DomainError {
  if (error instanceof DomainError) return error;
  // Elysia wraps what a body parser throws.
  if (code === "PARSE" && error instanceof Error) return toDomainError(error.cause, "");
  if (error instanceof ValidationError && error.type !== "response") return invalidFields(error);
  return (
    databaseFailure(error) ??
    new DomainError("internal_error", "Something went wrong on our side.", { cause: error })
  );
}

/** One by one: `error.all` works out every fault first, and a hostile body has a million. */
function faultsOf(error: ValidationError): Iterable<ValueError> {
  const { validator, value } = error as { validator?: TypeCheck<TSchema>; value?: unknown };
  return validator === undefined ? [] : validator.Errors(value);
}

function invalidFields(error: ValidationError): DomainError {
  const fields = new Map<string, FieldError>();
  for (const fault of faultsOf(error)) {
    const param = fault.path.slice(1, paramLengthMax).replaceAll("/", ".") || error.type;
    if (fields.has(param)) continue;
    if (fields.size >= fieldsMax) break;
    fields.set(param, { param, message: explain(fault) });
  }
  const list = [...fields.values()];
  const [first] = list;
  const message =
    first === undefined ? "The request is not valid." : `${first.param}: ${first.message}`;
  return new DomainError("validation_failed", message, { fields: list });
}

/** TypeBox says "Expected union value" for every union: the schema says which values those are. */
function explain(fault: { message: string; schema?: unknown }): string {
  const { anyOf = [] } = (fault.schema ?? {}) as { anyOf?: UnionMember[] };
  const words = anyOf.flatMap((member) => ("const" in member ? [String(member.const)] : []));
  const rule = patternRules.get((fault.schema as { pattern?: string } | undefined)?.pattern ?? "");
  if (rule !== undefined && fault.message.startsWith("Expected string to match")) return rule;
  if (fault.message === "Unexpected property") return "This field is not known.";
  if (fault.message === "Expected required property") return "This field is required.";
  if (words.length > 0) return `Must be one of ${words.join(", ")}.`;
  const types = [...new Set(anyOf.flatMap((member) => typeName(member, anyOf)))];
  if (types.length > 0) return `Must be ${types.join(" or ")}.`;
  return `${fault.message}.`;
}

/** What a regular expression means, for those who do not read them. */
const patternRules = new Map([
  [`^${scopeSyntax}$`, "A scope is 1 to 128 of the characters a-z A-Z 0-9 : . _ / * -"],
  [
    `^${scopeSyntax}( ${scopeSyntax})*$`,
    "Scopes are 1 to 128 of the characters a-z A-Z 0-9 : . _ / * - with one space between two.",
  ],
  [emailPattern, "Must be an address such as ada@example.com."],
  [skillPatternSyntax, "Must be *, github/*, github/create-issue or gmail/send-message#attach."],
  [skillSyntax, "Must be a skill such as github/create-issue, or a tool of it behind a #."],
  ["^[a-z0-9][a-z0-9-]{0,62}$", "Must be 1 to 63 of a-z, 0-9 and -, not beginning with -."],
  [printableLine, "Must be one line of text without control characters."],
]);

interface UnionMember {
  type?: string;
  const?: unknown;
  minimum?: number;
  maximum?: number;
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  array: "a list",
  object: "an object",
  number: "a number",
  boolean: "true or false",
  null: "null",
};

function typeName({ type }: UnionMember, members: readonly UnionMember[]): string[] {
  if (type === "integer") return [`a whole number${rangeOf(members)}`];
  return type === undefined ? [] : [typeNames[type] ?? type];
}

function rangeOf(members: readonly UnionMember[]): string {
  const number = members.find((member) => member.type === "integer");
  if (number?.minimum === undefined || number.maximum === undefined) return "";
  return ` from ${number.minimum} to ${number.maximum}`;
}
