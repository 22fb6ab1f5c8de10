import { Value } from "@sinclair/typebox/value";
import { Command } from "commander";
import { AuditLog } from "../audit/audit-log.ts";
import { systemClock } from "../core/clock.ts";
import { PasswordHasher } from "../crypto/password-hash.ts";
import { passwordLengthMax, passwordLengthMin } from "../sessions/password-rules.ts";
import { describeUser } from "../users/describe-user.ts";
import { userFields } from "../users/schemas.ts";
import { setUpOperator } from "../users/set-up-operator.ts";
import { type CommandContext, withJson } from "./command-context.ts";
import { openInstance } from "./open-instance.ts";
import { CommandError, formatFields } from "./report.ts";

/** `tollgate setup`: makes an operator, or helps one in who is locked out. */
export function setupCommand(context: CommandContext): Command {
  return withJson(new Command("setup"))
    .description("make an operator, or give one a new password")
    .requiredOption("--email <address>", "what the operator logs in with")
    .option("--name <text>", "name for people; the start of the address without")
    .requiredOption("--password-stdin", "read the password from standard input, one line")
    .addHelpText(
      "after",
      "\nA flag would show the password to everybody who may list processes:\n  tollgate setup --email ada@example.com --password-stdin < password.txt",
    )
    .action(async ({ email, name = email.slice(0, email.indexOf("@")), json }) => {
      requireField(email, userFields.email, "--email");
      requireField(name, userFields.name, "--name");
      const operator = { email, name, password: await readPassword() };
      const { db, actor } = await openInstance(context.paths());
      try {
        const audit = new AuditLog(db, systemClock);
        const working = { db, audit, clock: systemClock, hasher: new PasswordHasher() };
        const user = describeUser(await setUpOperator(working, { actor, operator }));
        const shown = formatFields([
          ["id", user.id],
          ["email", user.email],
          ["name", user.name],
        ]);
        context.output.out(json ? JSON.stringify(user, null, 2) : shown);
      } finally {
        await db.close();
      }
    });
}

function requireField(value: string, schema: typeof userFields.email, flag: string): void {
  if (Value.Check(schema, value)) return;
  throw new CommandError(`Cannot use ${flag} ${value}.`, 2);
}

async function readPassword(): Promise<string> {
  const text = (await Bun.stdin.text()).replace(/\r?\n$/, "");
  if (text.length >= passwordLengthMin && text.length <= passwordLengthMax) return text;
  throw new CommandError(
    `The password on standard input has to have ${passwordLengthMin} to ${passwordLengthMax} characters.`,
    2,
  );
}
