import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  binaryPath,
  emptyFolder,
  type RunningBinary,
  removeFolder,
  requireBinary,
  runBinary,
  startBinary,
} from "../support/binary.ts";

let folder: string;
let program: string;
let server: RunningBinary;
let managementKey: string;

beforeAll(async () => {
  requireBinary();
  folder = emptyFolder();
  program = join(folder, "tollgate");
  copyFileSync(binaryPath, program);
  server = await startBinary({ cwd: folder, command: [program] });
  managementKey = server.managementKey ?? "";
}, 120_000);

afterAll(async () => {
  await server.end();
  removeFolder(folder);
});

const run = (...args: string[]) => runBinary(args, { cwd: folder, program });

describe("the binary alone in an empty folder with an empty environment", () => {
  test("the first start makes root key, database and one management key, for the owner only", () => {
    expect(managementKey).toMatch(/^mk_[0-9a-f]{64}$/);
    expect(server.stderr().split(managementKey).length - 1).toBeLessThanOrEqual(2);
    for (const name of ["root.key", "tollgate.db"]) {
      expect(statSync(join(folder, "data", name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(folder, "data")).mode & 0o777).toBe(0o700);
    expect(existsSync(join(folder, "node_modules"))).toBe(false);
  });

  test("the tour: create a key, present it, verify it, rotate it, revoke it", async () => {
    const created = await server.call("/api-keys", { key: managementKey, body: { label: "tour" } });
    expect(created.status).toBe(201);
    const key = (await created.json()) as { id: string; secret: string };
    const presented = await server.call("/key", { key: key.secret });
    expect(presented.status).toBe(200);
    expect(presented.headers.get("x-ratelimit-remaining")).toBe("59");
    const verified = await server.call("/v1/keys/verify", {
      key: managementKey,
      body: { key: key.secret },
    });
    expect(await verified.json()).toMatchObject({ valid: true, code: "VALID" });
    const rotated = (await (
      await server.call(`/api-keys/${key.id}/rotate`, { key: managementKey, method: "POST" })
    ).json()) as { secret: string };
    expect((await server.call("/key", { key: key.secret })).status).toBe(401);
    expect((await server.call("/key", { key: rotated.secret })).status).toBe(200);
    const revoked = await server.call(`/api-keys/${key.id}`, {
      key: managementKey,
      method: "DELETE",
    });
    expect(await revoked.json()).toMatchObject({ status: "revoked" });
    const refused = await server.call("/key", { key: rotated.secret });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ error: { code: "invalid_api_key" } });
  });

  test("document, Swagger UI and health come from inside it", async () => {
    const document = (await (await server.call("/openapi.json")).json()) as { openapi: string };
    expect(document.openapi).toBe("3.0.3");
    const page = await server.call("/docs");
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(await page.text()).not.toMatch(/https?:\/\//);
    for (const file of ["swagger-ui-bundle.js", "swagger-ui.css", "start.js", "favicon.png"]) {
      const answer = await server.call(`/docs/${file}`);
      expect([file, answer.status]).toEqual([file, 200]);
      expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100);
    }
    expect((await server.call("/docs/package.json")).status).toBe(404);
    expect((await server.call("/healthz")).status).toBe(200);
    expect((await server.call("/readyz")).status).toBe(200);
  });

  test("commands work beside the running server, which sees what they change", async () => {
    const created = JSON.parse(
      run(
        "keys",
        "create",
        "--label",
        "by command",
        "--scopes",
        "a:b,c",
        "--expires-in",
        "90d",
        "--json",
      ).stdout,
    );
    expect(created).toMatchObject({ label: "by command", scopes: ["a:b", "c"], created_by: "cli" });
    expect((await server.call("/key", { key: created.secret })).status).toBe(200);
    expect(run("keys", "list").stdout).toContain(created.id);
    const shown = JSON.parse(run("keys", "show", created.id, "--json").stdout);
    expect(shown.id).toBe(created.id);
    const rotated = JSON.parse(
      run("keys", "rotate", created.id, "--grace", "24h", "--json").stdout,
    );
    expect((await server.call("/key", { key: rotated.secret })).status).toBe(200);
    const revoked = JSON.parse(
      run("keys", "revoke", created.id, "--reason", "test", "--json").stdout,
    );
    expect(revoked.revoke_reason).toBe("test");
    // 100 ms are promised; a loaded machine may take longer to come round.
    const isRefused = async () =>
      (await server.call("/key", { key: rotated.secret })).status === 401;
    for (let wait = 0; wait < 200 && !(await isRefused()); wait++) await Bun.sleep(25);
    expect(await isRefused()).toBe(true);
  });

  test("backup writes a whole database while the server runs, and does not overwrite", async () => {
    const result = run("backup", "copy.db", "--json");
    expect(result.exitCode).toBe(0);
    expect(statSync(join(folder, "copy.db")).mode & 0o777).toBe(0o600);
    expect(run("backup", "copy.db").exitCode).toBe(1);
    const restored = join(folder, "restored");
    mkdirSync(restored);
    copyFileSync(join(folder, "copy.db"), join(restored, "tollgate.db"));
    copyFileSync(join(folder, "data", "root.key"), join(restored, "root.key"));
    const listed = JSON.parse(run("keys", "list", "--data", "restored", "--json").stdout);
    expect(listed.data.length).toBeGreaterThanOrEqual(1);
  });

  test("doctor finds nothing wrong", () => {
    const result = run("doctor", "--json");
    const { findings } = JSON.parse(result.stdout);
    expect(findings.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([]);
    expect(findings.map(({ check }: { check: string }) => check)).toEqual(
      expect.arrayContaining(["addons", "integrity", "migrations", "root key", "file mode"]),
    );
    expect(result.exitCode).toBe(0);
  });

  test("the secrets are in no file of it", () => {
    for (const name of readdirSync(join(folder, "data"))) {
      expect(readFileSync(join(folder, "data", name), "latin1")).not.toContain(managementKey);
    }
  });
});
