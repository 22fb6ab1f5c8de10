import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../src/app.ts";
import { openOrCreateInstance } from "../../src/commands/open-instance.ts";
import { dataPaths, type Flags, loadConfig } from "../../src/config/load.ts";
import type { Clock } from "../../src/core/clock.ts";
import { createLogger, type Logger } from "../../src/core/log.ts";
import { finishing } from "../../src/http/server.ts";
import { createKey } from "../../src/keys/create-key.ts";
import type { KeyWithSecret } from "../../src/keys/key-schemas.ts";
import type { CreateKey } from "../../src/keys/write-schemas.ts";
import { startServices } from "../../src/services.ts";
import { TestClock } from "./test-clock.ts";

/** Every secret that was handed out; none may show where it does not belong. */
const canaries = new Set<string>();

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an answer.
  body: any;
}

export interface CallOptions {
  method?: string;
  /** The secret for the Authorization header. */
  key?: string;
  /** An object is sent as JSON, a string as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

export type TestApp = Awaited<ReturnType<typeof startTestApp>>;

function findSecrets(text: string): string[] {
  return text.match(/\b(?:[a-z]{2,4}[-_])+[0-9a-f]{64}\b/gi) ?? [];
}

function refuseCanaries(text: string, place: string): void {
  for (const secret of canaries) {
    if (text.includes(secret)) throw new Error(`A secret shows in ${place}.`);
  }
}

/** The real application on a real database file of its own, asked without a socket between. */
export async function startTestApp(
  options: { clock?: Clock; flags?: Flags; folder?: string } = {},
) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "tollgate-test-"));
  const config = loadConfig({ data: folder, ...options.flags }, {});
  const paths = dataPaths(config);
  const clock = options.clock ?? new TestClock();
  const logged: string[] = [];
  const log: Logger = createLogger("debug", clock.nowMs, (line) => logged.push(line));
  const instance = await openOrCreateInstance(paths, clock, config.dialect);
  const { subkeys, actor } = instance;
  await instance.db.close();
  const services = await startServices({
    config,
    paths,
    subkeys,
    clock,
    log,
    onCrash: (error) => {
      throw error;
    },
  });
  const fetch = finishing(createApp(services).compile().fetch, services);
  const operator = await createKey(services.keys, {
    input: { label: "operator", type: "management", instance_wide: true },
    actor,
  });

  canaries.add(operator.secret);
  const call = async (path: string, init: CallOptions = {}): Promise<Answer> => {
    const headers = new Headers(init.headers);
    if (init.key !== undefined) headers.set("authorization", `Bearer ${init.key}`);
    const isJson = init.body !== undefined && typeof init.body !== "string";
    if (isJson) headers.set("content-type", "application/json");
    const body = isJson ? JSON.stringify(init.body) : (init.body as string | undefined);
    const method = init.method ?? (init.body === undefined ? "GET" : "POST");
    const request = new Request(`http://localhost${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const response = await fetch(request);
    const text = await response.text();
    const isObject = /^application\/(?:problem\+)?json/.test(
      response.headers.get("content-type") ?? "",
    );
    for (const secret of findSecrets(text)) canaries.add(secret);
    if (response.status >= 400 && findSecrets(text).length > 0) {
      throw new Error(`A secret shows in an error: ${init.method ?? "GET"} ${path}`);
    }
    return {
      status: response.status,
      headers: response.headers,
      body: isObject && text !== "" ? JSON.parse(text) : text,
    };
  };

  const newKey = async (input: Partial<CreateKey> = {}): Promise<KeyWithSecret> => {
    const body = { label: "test key", ...input };
    const created = await call("/api-keys", { key: operator.secret, body });
    if (created.status !== 201) throw new Error(`Not created: ${JSON.stringify(created.body)}`);
    return created.body;
  };

  return {
    call,
    clock,
    folder,
    fetch,
    logged,
    paths,
    services,
    subkeys,
    actor,
    operator: operator.secret,
    operatorId: operator.id,
    /** A call with the operator's management key. */
    manage: (path: string, init: CallOptions = {}) => call(path, { key: operator.secret, ...init }),
    /** A new key by the API. */
    newKey,
    /** Many new keys, as many at once as may wait for their turn. */
    async newKeys(count: number, input: Partial<CreateKey> = {}): Promise<KeyWithSecret[]> {
      const made: KeyWithSecret[] = [];
      while (made.length < count) {
        const some = Math.min(500, count - made.length);
        made.push(...(await Promise.all(Array.from({ length: some }, () => newKey(input)))));
      }
      return made;
    },
    /** Stops, and holds logs, metrics and every file of the folder against the secrets given out. */
    async stop({ keepFolder = false } = {}): Promise<void> {
      const metrics = await call("/metrics", { key: operator.secret });
      refuseCanaries(`${logged.join("")}${metrics.body}`, "log or metrics");
      await services.stop();
      for (const name of readdirSync(folder)) {
        refuseCanaries(readFileSync(join(folder, name), "latin1"), name);
      }
      if (!keepFolder) rmSync(folder, { recursive: true, force: true });
    },
  };
}
