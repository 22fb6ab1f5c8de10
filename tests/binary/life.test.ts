import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFile } from "../../src/db/client.ts";
import {
  emptyFolder,
  type RunningBinary,
  removeFolder,
  requireBinary,
  runBinary,
  startBinary,
} from "../support/binary.ts";

beforeAll(requireBinary, 120_000);

const folders: string[] = [];
afterAll(() => folders.forEach(removeFolder));

const newFolder = () => {
  const folder = emptyFolder();
  folders.push(folder);
  return folder;
};

interface Created {
  id: string;
  secret: string;
}

const create = async (server: RunningBinary, key: string, body: object): Promise<Created> => {
  const answer = await server.call("/api-keys", { key, body });
  if (answer.status !== 201) throw new Error(`Not created: ${answer.status}`);
  return (await answer.json()) as Created;
};

describe("a stop", () => {
  test("SIGTERM ends with 0, saves the counters, and the next start prints no secret", async () => {
    const cwd = newFolder();
    const first = await startBinary({ cwd });
    const managementKey = first.managementKey ?? "";
    const key = await create(first, managementKey, { label: "x" });
    for (let i = 0; i < 5; i++) await first.call("/key", { key: key.secret });
    expect(await first.end("SIGTERM")).toBe(0);
    const second = await startBinary({ cwd });
    expect(second.managementKey).toBeUndefined();
    const answer = await second.call("/key", { key: key.secret });
    expect(await answer.json()).toMatchObject({
      requests_total: 6,
      rate_limits: { requests_per_day: { remaining: 994 } },
    });
    expect(await second.end("SIGINT")).toBe(0);
    expect(second.stderr()).not.toMatch(/[0-9a-f]{64}/);
  });

  test("what is under way is finished, what comes later is refused", async () => {
    const cwd = newFolder();
    const server = await startBinary({ cwd });
    const managementKey = server.managementKey ?? "";
    const pending = Array.from({ length: 30 }, (_, at) =>
      create(server, managementKey, { label: `under way ${at}` }).then(
        () => "done",
        () => "refused",
      ),
    );
    await Bun.sleep(5);
    const code = await server.end();
    const outcomes = await Promise.all(pending);
    expect(code).toBe(0);
    const listed = JSON.parse(
      runBinary(["keys", "list", "--q", "under way", "--limit", "100", "--json"], { cwd }).stdout,
    );
    const done = outcomes.filter((outcome) => outcome === "done").length;
    expect(listed.data.length).toBeGreaterThanOrEqual(done);
  });
});

describe("the database file", () => {
  test("is whole by itself after a stop, and is not begun anew when it is lost", async () => {
    const cwd = newFolder();
    const first = await startBinary({ cwd });
    const key = await create(first, first.managementKey ?? "", { label: "kept" });
    await first.end();
    const data = join(cwd, "data");
    for (const name of ["tollgate.db-wal", "tollgate.db-shm"]) {
      rmSync(join(data, name), { force: true });
    }
    const second = await startBinary({ cwd });
    expect((await second.call("/key", { key: key.secret })).status).toBe(200);
    await second.end();
    for (const lost of ["missing", "empty"]) {
      rmSync(join(data, "tollgate.db"));
      if (lost === "empty") writeFileSync(join(data, "tollgate.db"), "");
      const refused = runBinary(["serve", "--port", "0"], { cwd });
      expect([lost, refused.exitCode]).toEqual([lost, 1]);
      expect(refused.stderr).toContain("its database is empty or missing");
    }
  });
});

describe("the access log", () => {
  test("has a line for each request with its id, and no secret, when it is on", async () => {
    const server = await startBinary({ cwd: newFolder(), args: ["--access-log", "all"] });
    const managementKey = server.managementKey ?? "";
    const key = await create(server, managementKey, { label: "logged" });
    const answers = [await server.call("/key", { key: key.secret }), await server.call("/nowhere")];
    // Behind percent signs, and beside some that mean nothing.
    await server.call(`/nowhere/${key.secret.replaceAll("_", "%5f")}%zz`);
    await server.end();
    for (const answer of answers) {
      const id = answer.headers.get("x-request-id") ?? "";
      const line =
        server
          .stderr()
          .split("\n")
          .find((text) => text.includes(id)) ?? "{}";
      expect(JSON.parse(line)).toMatchObject({ message: "request", status: answer.status });
    }
    expect(server.stderr()).not.toContain(key.secret);
    expect(server.stderr()).not.toContain(key.secret.slice(-40));
  });
});

describe("kill -9 during writes", () => {
  test("every acknowledged key is there and works, and the database is whole", async () => {
    const cwd = newFolder();
    let server = await startBinary({ cwd });
    const managementKey = server.managementKey ?? "";
    const acknowledged: Created[] = [];
    const revoked: Created[] = [];
    for (let round = 0; round < 5; round++) {
      const running = server;
      const writers = Array.from({ length: 16 }, async (_, writer) => {
        for (let i = 0; i < 1_000; i++) {
          const key = await create(running, managementKey, {
            label: `${round}-${writer}-${i}`,
            plan: "unlimited",
          });
          acknowledged.push(key);
          if (i % 3 !== 0) continue;
          const answer = await running.call(`/api-keys/${key.id}`, {
            key: managementKey,
            method: "DELETE",
          });
          if (answer.status === 200) revoked.push(key);
        }
      });
      const settled = Promise.allSettled(writers);
      while (acknowledged.length < (round + 1) * 30) await Bun.sleep(5);
      await running.end("SIGKILL");
      await settled;
      server = await startBinary({ cwd });
    }
    expect(acknowledged.length).toBeGreaterThan(100);
    const isRevoked = new Set(revoked.map(({ id }) => id));
    for (const { id, secret } of acknowledged) {
      const { status } = await server.call("/key", { key: secret });
      if (isRevoked.has(id)) expect(status).toBe(401);
      else expect(status).toBeOneOf([200, 401]);
      if (status === 401 && !isRevoked.has(id)) {
        // Its revocation was under way when the process died: then it is in the file.
        const shown = await server.call(`/api-keys/${id}`, { key: managementKey });
        expect(await shown.json()).toMatchObject({ id, status: "revoked" });
      }
    }
    await server.end();
    const client = openFile(join(cwd, "data", "tollgate.db"), 1_000);
    const { rows } = await client.execute("PRAGMA integrity_check");
    client.close();
    expect(rows[0]?.[0]).toBe("ok");
  }, 120_000);
});

describe("over real connections", () => {
  let server: RunningBinary;
  let managementKey: string;
  beforeAll(async () => {
    server = await startBinary({ cwd: newFolder(), args: ["--trusted-proxies", "127.0.0.1"] });
    managementKey = server.managementKey ?? "";
  });
  afterAll(() => server.end());

  test("of ten times the limit from 64 connections exactly the limit passes", async () => {
    const limits = { requests_per_minute: 100, requests_per_day: 100 };
    const key = await create(server, managementKey, { label: "burst", limits });
    let passed = 0;
    const clients = Array.from({ length: 64 }, async () => {
      for (let i = 0; i < 16; i++) {
        const answer = await server.call("/key", { key: key.secret });
        if (answer.status === 200) passed++;
        else expect(answer.status).toBe(429);
      }
    });
    await Promise.all(clients);
    expect(passed).toBe(100);
  });

  test("revocation holds on every connection when it has returned", async () => {
    const key = await create(server, managementKey, { label: "raced", plan: "unlimited" });
    let isRevoked = false;
    const clients = Array.from({ length: 32 }, async () => {
      let after = 0;
      while (after < 3) {
        const beganAfter = isRevoked;
        const { status } = await server.call("/key", { key: key.secret });
        if (!beganAfter) continue;
        expect(status).toBe(401);
        after++;
      }
    });
    await Bun.sleep(50);
    await server.call(`/api-keys/${key.id}`, { key: managementKey, method: "DELETE" });
    isRevoked = true;
    await Promise.all(clients);
  });

  test("GET /key answers alike with and without parameters, as HEAD, and to other methods", async () => {
    const key = await create(server, managementKey, { label: "paths", scopes: ["a"], plan: "pro" });
    const headers = { authorization: `Bearer ${key.secret}` };
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(server.url + path, { headers, ...init });
    for (const path of ["/key", "/v1/key", "/api/v1/key", "/key?", "/key?scope=a"]) {
      const answer = await ask(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers.get("x-ratelimit-limit")).toBe("600");
      expect(answer.headers.get("x-request-id")).toStartWith("req_");
      expect(await answer.json()).toMatchObject({ id: key.id, label: "paths" });
    }
    expect((await ask("/key?scope=b")).status).toBe(403);
    const head = await ask("/key", { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(500);
    const post = await ask("/key", { method: "POST" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect((await ask("/key/")).status).toBe(200);
    for (const path of ["/key", "/key?scope=a"]) {
      const stranger = await fetch(server.url + path, {
        headers: { accept: "application/problem+json" },
      });
      expect(stranger.headers.get("content-type")).toBe("application/problem+json");
      expect(await stranger.json()).toMatchObject({ status: 401, code: "missing_api_key" });
      expect(stranger.headers.get("www-authenticate")).toBe('Bearer realm="tollgate"');
    }
  });

  test("a trusted proxy's X-Forwarded-For is believed, but no further than its last stranger", async () => {
    const key = await create(server, managementKey, {
      label: "allowlist",
      ip_allowlist: ["192.0.2.0/24"],
    });
    const from = async (forwarded: string) => {
      const headers = { authorization: `Bearer ${key.secret}`, "x-forwarded-for": forwarded };
      return (await fetch(`${server.url}/key`, { headers })).status;
    };
    expect(await from("192.0.2.7")).toBe(200);
    expect(await from("198.51.100.1, 192.0.2.7")).toBe(200);
    expect(await from("192.0.2.7, 198.51.100.1")).toBe(403);
    expect(await from("192.0.2.7, 198.51.100.1, 127.0.0.1")).toBe(403);
    expect(await from("nonsense")).toBe(403);
    expect(await from("")).toBe(403);
  });

  test("a body over 1 MiB gets 413 in the error shape, however large it is", async () => {
    for (const size of [1_048_577, 20_000_000]) {
      const answer = await fetch(`${server.url}/api-keys`, {
        method: "POST",
        headers: { authorization: `Bearer ${managementKey}`, "content-type": "application/json" },
        body: "x".repeat(size),
      });
      expect(answer.status).toBe(413);
      expect(await answer.json()).toMatchObject({ error: { code: "payload_too_large" } });
    }
  });

  test("an Authorization header of 100 KB is refused and the server lives on", async () => {
    const answer = await fetch(`${server.url}/key`, {
      headers: { authorization: `Bearer ${"x".repeat(100_000)}` },
    }).catch(() => undefined);
    expect(answer?.status ?? 431).toBeOneOf([401, 431]);
    expect((await server.call("/healthz")).status).toBe(200);
  });

  test("raw Authorization bytes, doubled headers and controls never give more than 4xx", async () => {
    const { hostname, port } = new URL(server.url);
    const key = await create(server, managementKey, { label: "raw", plan: "unlimited" });
    const send = async (...lines: string[]): Promise<number> => {
      const { promise, resolve } = Promise.withResolvers<string>();
      let text = "";
      const socket = await Bun.connect({
        hostname,
        port: Number(port),
        socket: {
          data: (_, bytes) => {
            text += bytes.toString("latin1");
          },
          close: () => resolve(text),
          error: () => resolve(text),
        },
      });
      const hasHost = lines.some((line) => line.startsWith("Host:"));
      const path = hasHost ? "/aaaa/key" : "/key";
      const host = hasHost ? [] : ["Host: x"];
      const head = [`GET ${path} HTTP/1.1`, ...host, "Connection: close", ...lines, "", ""];
      socket.write(Buffer.from(head.join("\r\n"), "latin1"));
      const answer = await Promise.race([promise, Bun.sleep(5_000).then(() => text)]);
      socket.end();
      return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
    };
    const good = `Authorization: Bearer ${key.secret}`;
    expect(await send(good)).toBe(200);
    expect(await send(good.replace("Authorization", "authorization"))).toBe(200);
    expect(await send(good, good)).toBeOneOf([400, 401]);
    for (const host of ["", "a b", "a/b", "[::1", "a:99999"]) {
      // 404 where the runtime makes a URL of it after all: then the path is the one that was sent.
      expect(await send(`Host: ${host}`, good)).toBeOneOf([400, 404]);
    }
    expect(await send("Host: x", good)).toBe(404);
    for (const value of [
      "Bearer \u00ff\u00fe",
      "Bearer a\u0000b",
      "Bearer \u0001",
      "\u00c3\u00bc",
      " ",
      "Bearer",
    ]) {
      expect(await send(`Authorization: ${value}`)).toBeOneOf([0, 400, 401]);
    }
    expect((await server.call("/healthz")).status).toBe(200);
  });
});
