import type { TSchema } from "@sinclair/typebox";
import type { TypeCheck } from "@sinclair/typebox/compiler";
import type { ValueError } from "@sinclair/typebox/errors";
import { ValidationError } from "elysia";
import type { Clock } from "../core/clock.ts";
import { DomainError, type FieldError } from "../core/errors.ts";
import { describeError, type Logger } from "../core/log.ts";
import { databaseFailure } from "../db/database-error.ts";
import { allowedMethods } from "./allowed-methods.ts";
import type { AnswerHeaders, Authenticator, Call } from "./authenticate.ts";
import { explainFault } from "./explain-fault.ts";
import type { RenderError } from "./render-error.ts";
import { requestIdOf } from "./request-id.ts";
import { pathOf } from "./request-path.ts";

/** Fields named in one 422; a body with more faults than this is fixed in more than one go anyway. */
const fieldsMax = 50;
/** Characters of a field's name that are repeated to the caller. */
const paramLengthMax = 100;

interface ErrorServices {
  log: Logger;
  clock: Clock;
  renderError: RenderError;
}

/** The one place where an error becomes a response, and where it is logged when it is ours. */
export function handleError(
  failure: { error: unknown; code: string | number; request: Request; headers: AnswerHeaders },
  services: ErrorServices,
): Response {
  const { error, code, request, headers } = failure;
  const known = toDomainError(error, code);
  if (known.status >= 500) logFailure(known, request, services);
  return services.renderError(known, request, headers);
}

/**
 * The response for a path or a method that leads nowhere. Such requests are counted like any without a
 * key, unless they bring a good one: scanners try many.
 */
export async function handleNothingHere(
  call: Call,
  services: ErrorServices & { authenticator: Authenticator },
): Promise<Response> {
  let error: unknown = nothingAt(pathOf(call.request));
  try {
    const isKnown = await services.authenticator.isKnown(call);
    if (!isKnown) services.authenticator.countAnonymous(call.request);
  } catch (failure) {
    error = failure;
  }
  return handleError({ error, code: "", ...call }, services);
}

function nothingAt(path: string): DomainError {
  const methods = allowedMethods(path);
  if (methods.length === 0) return new DomainError("not_found", "There is nothing at this path.");
  const allow = methods.join(", ");
  return new DomainError("method_not_allowed", `This path has only ${allow}.`, {
    headers: { allow },
  });
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
    fields.set(param, { param, message: explainFault(fault) });
  }
  const list = [...fields.values()];
  const [first] = list;
  const message =
    first === undefined ? "The request is not valid." : `${first.param}: ${first.message}`;
  return new DomainError("validation_failed", message, { fields: list });
}
