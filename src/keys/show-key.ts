import { DomainError, notFound } from "../core/errors.ts";
import { describeKey } from "./describe-key.ts";
import type { Key } from "./key-schemas.ts";
import { findKey, type StoredKey } from "./key-store.ts";
import type { KeysContext } from "./keys-context.ts";

export interface KeyAddress {
  organizationId: string;
  keyId: string;
}

/** One key. Throws the same 404 for a missing and for a foreign one. */
export async function showKey(context: KeysContext, address: KeyAddress): Promise<Key> {
  return describeKey(await requireKey(context, address), context.clock.nowMs());
}

/** The stored key. Throws 404. */
export async function requireKey(context: KeysContext, address: KeyAddress): Promise<StoredKey> {
  const stored = await findKey(context.db, address.organizationId, address.keyId);
  if (stored === undefined) throw notFound("key");
  return stored;
}

/** A key that may still be changed. Throws 404, or 409 for a revoked one. */
export async function requireLiveKey(
  context: KeysContext,
  address: KeyAddress,
): Promise<StoredKey> {
  const stored = await requireKey(context, address);
  if (stored.key.revokedAtMs !== null) {
    throw new DomainError("key_revoked", "This key is revoked, for good. Create a new one.");
  }
  return stored;
}
