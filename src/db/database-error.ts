import { DomainError } from "../core/errors.ts";

/** The file cannot be used at all; the message is a sentence for the operator. */
export class DatabaseFileError extends Error {
  override readonly name = "DatabaseFileError";
}

/** SQLite's result code somewhere in the chain of causes, such as `SQLITE_BUSY`. */
export function sqliteCode(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 6; depth++) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === "string" && code.startsWith("SQLITE_")) return code;
    at = at.cause;
  }
  return undefined;
}

const retryAfterSeconds = 1;

/** What is asked of the database when it is closed, or was still waiting then: the server stops. */
export function databaseClosed(): DomainError {
  return new DomainError("overloaded", "The server is stopping.", { retryAfterSeconds });
}

/** What a caller is told when the database could not do its part; undefined for any other error. */
export function databaseFailure(error: unknown): DomainError | undefined {
  const code = sqliteCode(error);
  if (code === undefined) return refusalOf(error);
  const options = { retryAfterSeconds, cause: error };
  switch (code) {
    case "SQLITE_BUSY":
    case "SQLITE_LOCKED":
      return new DomainError("database_busy", "The database is busy. Try again shortly.", options);
    case "SQLITE_FULL":
      return new DomainError(
        "storage_full",
        "No storage space is left. Nothing was changed.",
        options,
      );
    case "SQLITE_IOERR":
    case "SQLITE_READONLY":
    case "SQLITE_CANTOPEN":
    case "SQLITE_CORRUPT":
      return new DomainError("storage_failed", "The storage failed. Nothing was changed.", options);
    default:
      return undefined;
  }
}

/** What a thread refused itself, closed or with too many waiting: drizzle wraps it like any failed query. */
function refusalOf(error: unknown): DomainError | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 6; depth++) {
    if (at instanceof DomainError && at.code === "overloaded") return at;
    at = at.cause;
  }
  return undefined;
}

/** True when the write hit a UNIQUE or PRIMARY KEY constraint. */
export function isUniqueViolation(error: unknown): boolean {
  return constraintMentions(error, /UNIQUE|PRIMARY KEY/);
}

/** The columns of the UNIQUE constraint that the write hit, such as `teams.slug`. */
export function violatedUniqueColumns(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 6; depth++) {
    const found = /UNIQUE constraint failed: (.+)$/m.exec(at.message)?.[1];
    if (found !== undefined) return found;
    at = at.cause;
  }
  return undefined;
}

/** True when the write would have left a row pointing at nothing. */
export function isForeignKeyViolation(error: unknown): boolean {
  return constraintMentions(error, /FOREIGN KEY/);
}

function constraintMentions(error: unknown, pattern: RegExp): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 6; depth++) {
    const code = (at as { code?: unknown }).code;
    if (code === "SQLITE_CONSTRAINT" && pattern.test(at.message)) return true;
    at = at.cause;
  }
  return false;
}
