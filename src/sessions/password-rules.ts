import { invalidField } from "../core/errors.ts";

export const passwordLengthMin = 12;
export const passwordLengthMax = 256;

/** Fewer different characters than this are a pattern and no password. */
const differentCharactersMin = 5;

let common: Promise<ReadonlySet<string>> | undefined;

/** Loaded when the first password is chosen: most starts of the server need none of its 49,000 words. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  common ??= import("@zxcvbn-ts/language-common").then(
    ({ dictionary }) => new Set(dictionary["passwords-common"]),
  );
  return common;
}

/**
 * Throws 422 for a password that is among the commonest, or is one of them or the user's own name with
 * digits and signs around it. What else it is made of is the user's affair (NIST SP 800-63B section
 * 3.1.1.2), and its length the schema's.
 */
export async function requireUncommon(
  password: string,
  { email, param }: { email: string; param: string },
): Promise<void> {
  // The schema counts UTF-16 units, of which a character can have two.
  if ([...password].length < passwordLengthMin) {
    throw invalidField(param, `A new password has at least ${passwordLengthMin} characters.`);
  }
  const words = await commonPasswords();
  const lower = password.normalize("NFKC").toLowerCase();
  const core = lettersOf(lower);
  const own = [email, email.slice(0, email.indexOf("@"))];
  const isOwnName = own.includes(lower) || (core !== "" && own.map(lettersOf).includes(core));
  const isPattern = new Set(lower).size < differentCharactersMin;
  if (!words.has(lower) && !words.has(core) && !isOwnName && !isPattern) return;
  throw invalidField(param, "Too easy to guess: it is a common password, or near to one.");
}

/** The text without the digits and signs around it. */
function lettersOf(text: string): string {
  return text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
}
