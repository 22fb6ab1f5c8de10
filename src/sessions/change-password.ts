import { DomainError } from "../core/errors.ts";
import type { Origin } from "../organizations/actor.ts";
import { deleteLinksOfUser } from "../users/link-store.ts";
import type { PeopleContext } from "../users/people-context.ts";
import { findUser, updateUser } from "../users/user-store.ts";
import { checkPassword } from "./check-password.ts";
import type { NewLogin } from "./log-in.ts";
import { requireUncommon } from "./password-rules.ts";
import { personActor } from "./person-actor.ts";
import type { LoggedIn } from "./session-gate.ts";
import { deleteSessions, insertSession } from "./session-store.ts";

/**
 * Gives the user a new password. All sessions end, this one too: the answer begins a new one. Links by
 * which the password could be reset end as well. Throws 401, 422 or 429.
 */
export async function changePassword(
  context: PeopleContext,
  options: { login: LoggedIn; currentPassword: string; newPassword: string; origin: Origin },
): Promise<NewLogin> {
  const { db, audit, clock, hasher, sessions } = context;
  const { login, newPassword, origin } = options;
  const { email } = login.user;
  const password = options.currentPassword;
  const checked = await checkPassword(context, { email, password, address: origin.address });
  await requireUncommon(newPassword, { email, param: "new_password" });
  const passwordHash = await hasher.hash(newPassword);
  return audit.record({
    actor: personActor(checked, origin),
    build: async () => {
      const user = await findUser(db, checked.id);
      if (user?.state !== "active" || user.passwordHash !== checked.passwordHash) {
        throw new DomainError("login_failed", "Email or password is wrong.");
      }
      const changes = { passwordHash, passwordChangedAtMs: clock.nowMs() };
      const { row: session, cookie } = sessions.create(user.id, origin);
      return {
        change: [
          ...deleteSessions(db, user.id),
          ...deleteLinksOfUser(db, user.id),
          ...insertSession(db, session),
          ...updateUser(db, user.id, changes),
        ],
        entry: {
          action: "user.password_changed",
          targetId: user.id,
          organizationId: null,
          changes: { before: null, after: null },
        },
        result: { user: { ...user, ...changes }, session, cookie },
      };
    },
  });
}
