import { and, eq, gt, lte } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { idempotentAnswers } from "../db/tables/index.ts";

export type AnswerRow = typeof idempotentAnswers.$inferSelect;
type Place = Pick<AnswerRow, "callerId" | "keyHash">;

/** The kept answer of a caller's key that has not expired. */
export async function findAnswer(
  db: Database,
  place: Place,
  nowMs: number,
): Promise<AnswerRow | undefined> {
  const rows = await db.lookup
    .select()
    .from(idempotentAnswers)
    .where(and(isAt(place), gt(idempotentAnswers.expiresAtMs, nowMs)));
  return rows[0];
}

/** The statements that keep an answer, in place of one that has expired. */
export function keepAnswer(db: Database, row: AnswerRow, nowMs: number): Alongside {
  return [
    db.write
      .delete(idempotentAnswers)
      .where(and(isAt(row), lte(idempotentAnswers.expiresAtMs, nowMs))),
    db.write.insert(idempotentAnswers).values(row),
  ];
}

function isAt(place: Place) {
  return and(
    eq(idempotentAnswers.callerId, place.callerId),
    eq(idempotentAnswers.keyHash, place.keyHash),
  );
}
