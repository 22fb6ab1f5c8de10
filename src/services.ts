import { AuditLog } from "./audit/audit-log.ts";
import { type DataPaths, parseTrustedProxies, parseWebhookNetworks } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { type Clock, dayMs, minuteMs } from "./core/clock.ts";
import type { Logger } from "./core/log.ts";
import { findAccount } from "./credits/account-store.ts";
import { AccountViews } from "./credits/account-views.ts";
import { CreditEvents } from "./credits/credit-events.ts";
import { Ledger } from "./credits/ledger.ts";
import { availableMicros } from "./credits/shortage.ts";
import { showCommitted } from "./credits/show-committed.ts";
import { Sweeper } from "./credits/sweeper.ts";
import { PasswordHasher } from "./crypto/password-hash.ts";
import type { Subkeys } from "./crypto/root-key.ts";
import { openServerDatabase } from "./db/client.ts";
import { InvalidationWatch } from "./db/invalidation-watch.ts";
import { scheduleMaintenance } from "./db/maintenance.ts";
import { dialectOf } from "./dialects/index.ts";
import { Authenticator } from "./http/authenticate.ts";
import { Authorizer, sessionRequestsMax } from "./http/authorize.ts";
import { ClientAddresses } from "./http/client-address.ts";
import { EventLoopDelay } from "./http/event-loop-delay.ts";
import { Idempotency } from "./http/idempotency.ts";
import { Metrics } from "./http/metrics.ts";
import { errorRenderer } from "./http/render-error.ts";
import { DigestUpgrades } from "./keys/digest-upgrades.ts";
import { ExpiryWatch } from "./keys/expiry-watch.ts";
import { ImportedSecrets } from "./keys/imported-secrets.ts";
import { KeyGate } from "./keys/key-gate.ts";
import { createKeysContext } from "./keys/keys-context.ts";
import { createSecretLoader } from "./keys/live-key-store.ts";
import { LiveKeys } from "./keys/live-keys.ts";
import { AddressLimiter } from "./limits/address-limiter.ts";
import { HitLimiter } from "./limits/hit-limiter.ts";
import { WindowClock } from "./limits/window-clock.ts";
import { PriceBook } from "./prices/price-book.ts";
import { readPrices } from "./prices/price-store.ts";
import { RechargeRules } from "./recharges/recharge-rules.ts";
import { LoginLimiter } from "./sessions/login-limiter.ts";
import { SessionGate } from "./sessions/session-gate.ts";
import { RequestCounts } from "./usage/request-counts.ts";
import { UsageRoller } from "./usage/roller.ts";
import { addRequests } from "./usage/rollup-store.ts";
import { createUsageStore } from "./usage/usage-store.ts";
import { WriteBehind } from "./usage/write-behind.ts";
import { LinkWebhook } from "./users/link-webhook.ts";
import { createWebhooks } from "./webhooks/create-webhooks.ts";

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
  const dialect = dialectOf(config.dialect);
  const db = await openServerDatabase(paths.database, options.onCrash);
  const windowClock = new WindowClock(clock);
  const accountViews = new AccountViews();
  const imported = new ImportedSecrets(db, subkeys);
  const digestUpgrades = new DigestUpgrades(db, log, (keyId) => liveKeys.invalidate(keyId));
  const liveKeys = new LiveKeys({
    clock: windowClock,
    keysMax: config.liveKeysMax,
    hashesOf: (secret) => imported.hashesOf(secret),
    onDigest: (found) => digestUpgrades.note(found),
    loadSecrets: createSecretLoader(db.lookup, accountViews),
  });
  const watch = new InvalidationWatch(db, log, liveKeys, () => imported.check());
  await watch.start();
  await imported.check();
  const writeBehind = new WriteBehind(createUsageStore(db), log);
  writeBehind.start();
  const maintenance = scheduleMaintenance(db, {
    nowMs: clock.nowMs,
    eventsKeptMs: config.eventRetentionDays * dayMs,
    log,
  });
  const requestCounts = new RequestCounts((counts) => addRequests(db, counts), log);
  requestCounts.start();
  const roller = new UsageRoller({
    db,
    clock,
    log,
    keptDays: {
      minute: config.usageByMinuteDays,
      hour: config.usageByHourDays,
      day: config.usageByDayDays,
    },
  });
  roller.start();
  const gate = new KeyGate({
    clock,
    windowClock,
    liveKeys,
    writeBehind,
    imported,
    requestCounts,
    dialect,
  });
  const addresses = new ClientAddresses(parseTrustedProxies(config));
  const addressLimiter = new AddressLimiter(windowClock, config.anonymousPerMinute);
  const metrics = new Metrics();
  const eventLoopDelay = new EventLoopDelay();
  eventLoopDelay.start();
  const audit = new AuditLog(db, clock, () => dispatcher.wake());
  const { webhooks, dispatcher } = createWebhooks({
    db,
    clock,
    log,
    audit,
    key: subkeys.webhookKey,
    allowed: parseWebhookNetworks(config),
    noteListener: () => creditEvents.forgetWritten(),
  });
  const wake = () => dispatcher.wake();
  const rules = new RechargeRules();
  await rules.load(db);
  const creditEvents = new CreditEvents({ db, rules, wake });
  const expiryWatch = new ExpiryWatch({ db, clock, log, wake });
  const authenticator = new Authenticator(gate, addresses, addressLimiter, metrics);
  const { tokenHash } = subkeys;
  const sessions = new SessionGate({
    db,
    clock,
    log,
    tokenHash,
    idleMinutes: config.sessionIdleMinutes,
    lifeHours: config.sessionHours,
  });
  const sessionLimiter = new HitLimiter({
    clock: windowClock,
    windowMs: minuteMs,
    hitsMax: sessionRequestsMax,
  });
  const priceBook = new PriceBook();
  priceBook.add(await readPrices(db));
  const prices = { db, audit, clock, book: priceBook };
  const ledger = new Ledger({
    db,
    clock,
    windowClock,
    limitsVersion: () => liveKeys.version,
    onCommitted: (state) => showCommitted(state, { liveKeys, accountViews }),
    follow: (state, at) => creditEvents.follow(state, at),
  });
  const sweeper = new Sweeper({ db, clock, windowClock, ledger, log });
  sweeper.start();
  dispatcher.start();
  expiryWatch.start();
  const billingUrl = config.billingUrl === "" ? undefined : config.billingUrl;
  const changes = {
    db,
    audit,
    clock,
    invalidateOrganization: (organizationId: string) =>
      liveKeys.invalidateOrganization(organizationId),
    invalidateUser: (userId: string) => liveKeys.invalidateUser(userId),
  };
  return {
    config,
    dialect,
    renderError: errorRenderer(dialect, config),
    clock,
    log,
    db,
    gate,
    liveKeys,
    imported,
    digestUpgrades,
    writeBehind,
    requestCounts,
    roller,
    watch,
    addresses,
    addressLimiter,
    metrics,
    eventLoopDelay,
    authenticator,
    authorizer: new Authorizer({ db, authenticator, sessions, sessionLimiter }),
    idempotency: new Idempotency(db, clock, subkeys),
    changes,
    ledger,
    sweeper,
    webhooks,
    dispatcher,
    expiryWatch,
    recharges: { db, audit, clock, rules },
    billingUrl,
    credits: {
      ...changes,
      ledger,
      rules,
      prices,
      billingUrl,
      showAccount: async (organizationId: string) => {
        const account = await findAccount(db, organizationId);
        const { version, lowBalanceMicros } = account;
        const view = { organizationId, version, lowBalanceMicros };
        accountViews.update({ ...view, availableMicros: availableMicros(account) });
      },
    },
    prices,
    plans: { db, audit, clock, invalidateAll: () => liveKeys.invalidateAll() },
    people: {
      ...changes,
      tokenHash,
      sessions,
      hasher: new PasswordHasher(),
      loginLimiter: new LoginLimiter(windowClock),
      linkWebhook: new LinkWebhook({
        url: config.linkWebhookUrl,
        secret: config.linkWebhookSecret,
        clock,
        log,
      }),
    },
    keys: createKeysContext({
      db,
      audit,
      clock,
      secretHash: subkeys.secretHash,
      importHash: subkeys.importHash,
      noteImported: () => imported.note(),
      dialect,
      invalidate: (keyId) => liveKeys.invalidate(keyId),
    }),
    /** Saves what is pending and closes the file. Returns false when something could not be saved. */
    async stop(): Promise<boolean> {
      eventLoopDelay.stop();
      await watch.stop();
      // What still changes money ends first: its commits are what the others are woken for.
      await sweeper.stop();
      await ledger.stop();
      await expiryWatch.stop();
      await dispatcher.stop();
      await maintenance.stop();
      await digestUpgrades.stop();
      await roller.stop();
      const areCountsSaved = await requestCounts.stop();
      const isSaved = (await writeBehind.stop()) && areCountsSaved;
      await db.close();
      return isSaved;
    },
  };
}
