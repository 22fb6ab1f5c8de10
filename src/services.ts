import { AuditLog } from "./audit/audit-log.ts";
import { type DataPaths, parseTrustedProxies } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import type { Clock } from "./core/clock.ts";
import type { Logger } from "./core/log.ts";
import type { Subkeys } from "./crypto/root-key.ts";
import { openServerDatabase } from "./db/client.ts";
import { InvalidationWatch } from "./db/invalidation-watch.ts";
import { scheduleMaintenance } from "./db/maintenance.ts";
import { Authenticator } from "./http/authenticate.ts";
import { ClientAddresses } from "./http/client-address.ts";
import { Idempotency } from "./http/idempotency.ts";
import { Metrics } from "./http/metrics.ts";
import { KeyGate } from "./keys/key-gate.ts";
import { createKeysContext } from "./keys/keys-context.ts";
import { createSecretLoader } from "./keys/live-key-store.ts";
import { LiveKeys } from "./keys/live-keys.ts";
import { AddressLimiter } from "./limits/address-limiter.ts";
import { WindowClock } from "./limits/window-clock.ts";
import { createUsageStore } from "./usage/usage-store.ts";
import { WriteBehind } from "./usage/write-behind.ts";

export type Services = Awaited<ReturnType<typeof startServices>>;

/** Everything a server works with, opened and running. `stop` saves what is pending and closes. */
export async function startServices(options: {
  config: Config;
  paths: DataPaths;
  subkeys: Subkeys;
  clock: Clock;
  log: Logger;
  onCrash: (error: Error) => void;
}) {
  const { config, paths, subkeys, clock, log } = options;
  const db = await openServerDatabase(paths.database, options.onCrash);
  const windowClock = new WindowClock(clock);
  const liveKeys = new LiveKeys({
    clock: windowClock,
    keysMax: config.liveKeysMax,
    hashSecret: subkeys.secretHash.of,
    loadSecrets: createSecretLoader(db.lookup),
  });
  const watch = new InvalidationWatch(db, log, liveKeys);
  await watch.start();
  const writeBehind = new WriteBehind(createUsageStore(db), log);
  writeBehind.start();
  const stopMaintenance = scheduleMaintenance(db, clock.nowMs, log);
  const gate = new KeyGate(clock, windowClock, liveKeys, writeBehind);
  const addresses = new ClientAddresses(parseTrustedProxies(config));
  const addressLimiter = new AddressLimiter(windowClock, config.anonymousPerMinute);
  const metrics = new Metrics();
  const audit = new AuditLog(db, clock);
  const invalidateAll = () => liveKeys.invalidateAll();
  return {
    config,
    clock,
    log,
    db,
    gate,
    liveKeys,
    writeBehind,
    watch,
    addresses,
    addressLimiter,
    metrics,
    authenticator: new Authenticator(gate, addresses, addressLimiter, metrics),
    idempotency: new Idempotency(db, clock, subkeys),
    plans: { db, audit, clock, invalidateAll },
    keys: createKeysContext({
      db,
      audit,
      clock,
      secretHash: subkeys.secretHash,
      invalidate: (keyId) => liveKeys.invalidate(keyId),
    }),
    invalidateAll,
    /** Saves what is pending and closes the file. Returns false when something could not be saved. */
    async stop(): Promise<boolean> {
      watch.stop();
      stopMaintenance();
      const isSaved = await writeBehind.stop();
      await db.close();
      return isSaved;
    },
  };
}
