import { Command } from "commander";
import { createApp } from "../app.ts";
import { systemClock } from "../core/clock.ts";
import { createLogger, describeError, type Logger } from "../core/log.ts";
import { startServer } from "../http/server.ts";
import { createKey } from "../keys/create-key.ts";
import type { KeyWithSecret } from "../keys/key-schemas.ts";
import { hasKeys } from "../keys/key-store.ts";
import type { KeysContext } from "../keys/keys-context.ts";
import type { Actor } from "../organizations/actor.ts";
import { adoptPlans } from "../plans/adopt-plans.ts";
import { startServices } from "../services.ts";
import { offerSetup } from "../users/offer-setup.ts";
import { countOperators } from "../users/user-store.ts";
import type { CommandContext } from "./command-context.ts";
import { createFolder, openOrCreateInstance } from "./open-instance.ts";
import { quickStart } from "./quick-start.ts";
import { lockFolder } from "./server-lock.ts";

/** `tollgate serve`: opens the data folder, listens, and stops in good order on SIGTERM or SIGINT. */
export function serveCommand(context: CommandContext): Command {
  return new Command("serve").description("run the server").action(async () => {
    const config = context.config();
    const paths = context.paths();
    process.umask(0o077);
    const log = createLogger(config.logLevel, systemClock.nowMs);
    const toldToStop = untilToldToStop(log);
    createFolder(paths.folder);
    const unlock = await lockFolder(paths.lock);
    const instance = await openOrCreateInstance(paths, systemClock, config.dialect);
    await instance.db.close();
    const services = await startServices({
      config,
      paths,
      subkeys: instance.subkeys,
      clock: systemClock,
      log,
      onCrash: (error) => {
        log.error("The process cannot go on", { error: describeError(error) });
        process.exit(1);
      },
    });
    const plans = await adoptPlans(services.plans, {
      dialectName: config.dialect,
      actor: { ...instance.actor, type: "system", id: "system" },
    });
    if (plans.length > 0) log.info("plans added", { plans: plans.join(", ") });
    const server = startServer(createApp(services).compile().fetch, services);
    const address = server.url.origin;
    log.info("listening", { address, data: paths.folder });
    if (!(await hasKeys(services.db))) {
      const actor = { ...instance.actor, type: "system" as const, id: "system" };
      const { secret } = await createFirstKey(services.keys, actor);
      const baseUrl = config.publicUrl === "" ? address : config.publicUrl.replace(/\/+$/, "");
      const setupLink = await offerSetup(services.people, { actor, baseUrl });
      context.output.err(quickStart({ address, secret, setupUrl: setupLink.url }));
    } else {
      const isWithoutOperator = (await countOperators(services.db)) === 0;
      log.info("ready", {
        docs: `${address}/docs`,
        no_operator_yet: isWithoutOperator
          ? "tollgate setup --email E --password-stdin"
          : undefined,
        lost_key: "tollgate keys create --type management --instance-wide --label operator",
      });
    }
    await toldToStop;
    await drain(() => server.stop(), config.shutdownSeconds, log);
    server.stop(true);
    const isSaved = await services.stop();
    unlock();
    log.info("stopped", { saved: isSaved });
    process.exit(isSaved ? 0 : 1);
  });
}

/**
 * The operator's management key. It is made when everything else works, so that a start that fails
 * does not take its secret, which is printed once, with it.
 */
function createFirstKey(keys: KeysContext, actor: Actor): Promise<KeyWithSecret> {
  return createKey(keys, {
    input: { label: "first management key", type: "management", instance_wide: true },
    actor,
  });
}

function untilToldToStop(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      // Kept for a second signal too, whose default is to end the process before it has saved.
      process.on(signal, () => {
        log.info("stopping", { signal });
        resolve();
      });
    }
  });
}

/** Stops accepting and waits for what is under way, up to the bound. */
async function drain(stop: () => Promise<void>, seconds: number, log: Logger): Promise<void> {
  const { promise: overdue, resolve } = Promise.withResolvers<"overdue">();
  const timer = setTimeout(() => resolve("overdue"), seconds * 1_000);
  const outcome = await Promise.race([stop(), overdue]);
  clearTimeout(timer);
  if (outcome === "overdue")
    log.warn("Requests under way were cut off", { after_seconds: seconds });
}
