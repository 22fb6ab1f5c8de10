import { Value } from "@sinclair/typebox/value";
import { Command } from "commander";
import { AuditLog } from "../audit/audit-log.ts";
import { systemClock } from "../core/clock.ts";
import { DomainError } from "../core/errors.ts";
import { PasswordHasher } from "../crypto/password-hash.ts";
import {
  passwordLengthMax,
  passwordLengthMin,
  requireUncommon,
} from "../sessions/password-rules.ts";
import { describeUser } from "../users/describe-user.ts";
import { userFields } from "../users/schemas.ts";
import { setUpOperator } from "../users/set-up-operator.ts";
import type { UserRow } from "../users/user-store.ts";
import { type CommandContext, withJson } from "./command-context.ts";
import { openInstance } from "./open-instance.ts";
import { CommandError, formatFields, forTerminal } from "./report.ts";

/** `tollgate setup`: makes an operator, or helps one in who is locked out. */
export function setupCommand(context: CommandContext): Command {
  const { output } = context;
  return withJson(new Command("setup"))
    .description("make an operator, or give one a new password and end the sessions")
    .requiredOption("--email <address>", "what the operator logs in with")
    .option("--name <text>", "name of a new operator; the start of the address without")
    .requiredOption("--password-stdin", "read the password from standard input, one line")
    .addHelpText(
      "after",
      "\nA flag would show the password to everybody who may list processes:\n  tollgate setup --email ada@example.com --password-stdin < password.txt",
    )
    .action(async ({ email, name = email.slice(0, email.indexOf("@")), json }) => {
      requireField(
        email,
        userFields.email,
        "--email has to be an address such as ada@example.com.",
      );
      requireField(name, userFields.name, "--name has to be one line of 1 to 100 characters.");
      if (process.stdin.isTTY) output.err("Type the password (it shows), then Enter and Ctrl+D:");
      const password = await readPassword();
      await requireGoodPassword(password, email.toLowerCase());
      const { db, actor } = await openInstance(context.paths());
      try {
        const audit = new AuditLog(db, systemClock);
        const working = { db, audit, clock: systemClock, hasher: new PasswordHasher() };
        const operator = { email, name, password };
        const user = await setUpOperator(working, { actor, operator });
        output.out(json ? JSON.stringify(describeUser(user), null, 2) : describe(user));
      } finally {
        await db.close();
      }
    });
}

function describe(user: UserRow): string {
  const isNew = user.createdAtMs === user.passwordChangedAtMs;
  const fields = formatFields([
    ["id", user.id],
    ["email", forTerminal(user.email)],
    ["name", forTerminal(user.name)],
  ]);
  return `${fields}\n\n${isNew ? "A new operator." : "An operator with a new password; all sessions have ended."}`;
}

function requireField(value: string, schema: typeof userFields.email, rule: string): void {
  if (!Value.Check(schema, value)) throw new CommandError(rule, 2);
}

/** One line of UTF-8. What an editor or `echo` puts at its end is no part of the password. */
async function readPassword(): Promise<string> {
  const text = decode(await Bun.stdin.bytes()).replace(/\r?\n$/, "");
  // A second line is a mistake about the file, and could never be typed into a form.
  if (!/[\0\r\n]/.test(text)) return text;
  throw unusablePassword("is not one line of text.");
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unusablePassword("is not UTF-8.");
  }
}

/** Before the data folder is opened: a password that is refused is a mistake in the call. */
async function requireGoodPassword(password: string, email: string): Promise<void> {
  if ([...password].length < passwordLengthMin || password.length > passwordLengthMax) {
    const range = `${passwordLengthMin} to ${passwordLengthMax}`;
    throw unusablePassword(`has to have ${range} characters.`);
  }
  try {
    await requireUncommon(password, { email, param: "password" });
  } catch (error) {
    throw error instanceof DomainError ? new CommandError(error.message, 2) : error;
  }
}

function unusablePassword(fault: string): CommandError {
  return new CommandError(`The password on standard input ${fault}`, 2);
}
