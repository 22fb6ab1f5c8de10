import type { Alongside, Database } from "../db/client.ts";
import { requireOpenRecharge } from "./decline-recharge.ts";
import { endRecharge } from "./recharge-store.ts";

/**
 * The statements by which an entry of the ledger fulfils the recharge that asked for it; they fail when it
 * is not open any more. Throws 404, and 409 for one that is not open.
 */
export async function fulfilRecharge(
  db: Database,
  { rechargeId, entry }: { rechargeId: string; entry: FulfillingEntry },
): Promise<Alongside> {
  await requireOpenRecharge(db, entry.organizationId, rechargeId);
  const end = { state: "fulfilled" as const, endedAtMs: entry.atMs, entryId: entry.id };
  return endRecharge(db, rechargeId, end);
}

/** What is noted of the entry. */
interface FulfillingEntry {
  id: string;
  organizationId: string;
  atMs: number;
}
