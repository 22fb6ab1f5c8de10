import { dialectOf } from "../../src/dialects/index.ts";
import type { CreateKey } from "../../src/keys/write-schemas.ts";
import { emptyFolder, removeFolder, requireBinary, startBinary } from "./binary.ts";
import { unwrapped } from "./unwrapped.ts";

export const billingUrl = "https://app.example.com/billing";

/** The built binary in a dialect, on a data folder of its own. */
export async function startDialectServer(dialect: string) {
  requireBinary();
  const cwd = emptyFolder();
  const env = { TOLLGATE_DIALECT: dialect, TOLLGATE_BILLING_URL: billingUrl };
  const server = await startBinary({ cwd, env });
  const { url, managementKey } = server;
  if (managementKey === undefined) throw new Error("The first start printed no management key.");

  /** A management call; the answer out of its envelope, where there is one. */
  const manage = async (path: string, body?: unknown, method?: string) => {
    const init = { key: managementKey, body, ...(method === undefined ? {} : { method }) };
    const response = await server.call(path, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    const answer = JSON.parse((await response.text()) || "{}");
    return unwrapped(dialectOf(dialect).envelope, response.status, answer);
  };

  return {
    url,
    managementKey,
    manage,
    call: server.call,
    stderr: server.stderr,
    newKey: (input: Partial<CreateKey> = {}) => manage("/api-keys", { label: "test", ...input }),
    grant: (amount: number) =>
      manage("/organizations/default/credits", { kind: "grant", amount, reason: "test" }),
    /** Charges the key as the API behind would. */
    charge: (key: string, cost: number) => manage("/v1/keys/verify", { key, cost }),
    async stop(): Promise<void> {
      await server.end();
      removeFolder(cwd);
    },
  };
}

export type DialectServer = Awaited<ReturnType<typeof startDialectServer>>;
