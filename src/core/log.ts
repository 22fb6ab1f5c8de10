/** The levels, from the most to the least urgent; a logger prints its own level and those before. */
export const logLevels = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Record<string, string | number | boolean | null | undefined>;

export type Logger = Record<LogLevel, (message: string, fields?: LogFields) => void>;

/**
 * Anything shaped like a secret of ours, whole or cut short, is blotted out, and any run of hex that
 * is longer than an id. No code path hands a secret to the log; this is the net under the error texts
 * of libraries and under paths that clients make up.
 */
let secretPattern = patternOf([]);

function patternOf(prefixes: readonly string[]): RegExp {
  const usual = "(?:[a-z]{0,2}sk|rtk|mk)[-_](?:[a-z]{2,4}[-_]){0,2}";
  const starts = [usual, ...prefixes.map(RegExp.escape)].join("|");
  return new RegExp(`(${starts})[0-9a-f]{16,}|(?<=whsec_)[a-z0-9+/]{16,}=*|[0-9a-f]{40,}`, "gi");
}

/** What secrets begin with besides: parts of them, which are shorter than a whole one, are found by it. */
export function redactAfter(prefixes: Iterable<string>): void {
  secretPattern = patternOf([...prefixes]);
}

/** The text without anything that looks like one of our secrets. */
export function redactSecrets(text: string): string {
  return text.replace(
    secretPattern,
    (_, prefix: string | undefined) => `${prefix ?? ""}[redacted]`,
  );
}

/** One JSON object a line, on stderr unless another sink is given. */
export function createLogger(
  level: LogLevel,
  nowMs: () => number,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Logger {
  const rank = logLevels.indexOf(level);
  const print = (at: LogLevel) => (message: string, fields?: LogFields) => {
    if (logLevels.indexOf(at) > rank) return;
    const record = { time: new Date(nowMs()).toISOString(), level: at, message, ...fields };
    write(`${redactSecrets(JSON.stringify(record))}\n`);
  };
  return { error: print("error"), warn: print("warn"), info: print("info"), debug: print("debug") };
}

/** An error with its causes, for a log line; never for a caller. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error, depth = 0; at !== undefined && at !== null && depth < 5; depth++) {
    parts.push(describeOne(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join("\ncaused by: ");
}

/** The text of a failed query holds its parameters, which are customers' data: its cause says enough. */
function describeOne(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("params" in error) return `${error.name}: a query failed`;
  // What did not validate is a whole answer, with customers' data in it.
  if ("validator" in error) return `Validation of the ${String(Reflect.get(error, "type"))} failed`;
  return error.stack ?? `${error.name}: ${error.message}`;
}
