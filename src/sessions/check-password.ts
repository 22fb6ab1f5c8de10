import { DomainError } from "../core/errors.ts";
import { isOutdated, nobodysHash } from "../crypto/password-hash.ts";
import type { PeopleContext } from "../users/people-context.ts";
import {
  findUser,
  findUserByEmail,
  replacePasswordHash,
  type UserRow,
} from "../users/user-store.ts";

/**
 * The user with this address and password. Throws the same 401, in the same time, for a wrong
 * password, an unknown address and a disabled user, and 429 after too many tries.
 */
export async function checkPassword(
  context: PeopleContext,
  { email, password, address }: { email: string; password: string; address: string | null },
): Promise<UserRow> {
  const { db, hasher, loginLimiter } = context;
  const account = email.toLowerCase();
  const takeBack = loginLimiter.attempt(account, address);
  const user = await findUserByEmail(db, account);
  const isRight = await hasher
    .verify(user?.passwordHash ?? nobodysHash, password)
    .catch((error: unknown) => {
      takeBack();
      throw error;
    });
  if (user === undefined || !isRight || user.state !== "active") {
    throw new DomainError("login_failed", "Email or password is wrong.");
  }
  takeBack();
  return isOutdated(user.passwordHash) ? renewHash(context, user, password) : user;
}

/** Parameters grow with the years: the password is at hand now and at no other time. */
async function renewHash(
  { db, hasher }: PeopleContext,
  user: UserRow,
  password: string,
): Promise<UserRow> {
  const to = await hasher.hash(password);
  await replacePasswordHash(db, user.id, { from: user.passwordHash, to });
  const now = await findUser(db, user.id);
  if (now === undefined || now.passwordHash === to) return { ...user, passwordHash: to };
  return (await hasher.verify(now.passwordHash, password)) ? now : user;
}
