import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { openFile } from "../../src/db/client.ts";
import { addOperator } from "../support/people.ts";
import { addTenant, type Tenant } from "../support/tenant.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

const clock = new TestClock();
let app: TestApp;
let acme: Tenant;
let other: Tenant;
const given: string[] = [];

beforeAll(async () => {
  app = await startTestApp({ clock, flags: { anonymousPerMinute: "1000000" } });
  acme = await addTenant(app, "acme");
  other = await addTenant(app, "other");
});
afterAll(() => app.stop());

/** A secret such as other services give out. */
function newSecret(prefix = "sk-"): string {
  const secret = prefix + randomBytes(24).toString("base64url");
  given.push(secret);
  return secret;
}

const sha256 = (secret: string) => createHash("sha256").update(secret).digest();
const hexOf = (secret: string) => sha256(secret).toString("hex");
const statusOf = async (key: string) => (await app.call("/key", { key })).status;

const importAs = (key: string, keys: unknown[], fields: object = {}, headers = {}) =>
  app.call("/api-keys/import", { key, body: { keys, ...fields }, headers });
const importAll = (keys: unknown[], fields: object = {}) =>
  importAs(acme.manager.secret, keys, fields);

async function imported(...keys: object[]): Promise<string[]> {
  const { status, body } = await importAll(keys.map((key) => ({ label: "imported", ...key })));
  expect([status, body.refused, body.imported]).toEqual([200, 0, keys.length]);
  return body.data.map((line: { id: string }) => line.id);
}

async function refusal(key: unknown, by = acme.manager.secret) {
  const { status, body } = await importAs(by, [key]);
  expect([status, body.imported, body.refused]).toEqual([200, 0, 1]);
  expect(body.data[0]).toMatchObject({ status: "refused", id: null });
  return body.data[0];
}

async function secretRows(keyId: string) {
  const { rows } = await app.services.db.lookup.$client.execute({
    sql: "SELECT hash, hash_of, import_hash, expires_at_ms FROM secrets WHERE key_id = ? ORDER BY created_at_ms",
    args: [keyId],
  });
  return rows.map((row) => ({ ...row }));
}

/** Waits for the change that is made behind the requests. */
async function upgraded(keyId: string) {
  for (;;) {
    const rows = await secretRows(keyId);
    if (rows.every((row) => row["hash_of"] === "secret")) return rows;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("an imported digest", () => {
  test("lets the secret in, given in hex of any case, base64 or base64url", async () => {
    const forms: ((digest: Buffer) => string)[] = [
      (digest) => digest.toString("hex"),
      (digest) => digest.toString("hex").toUpperCase(),
      (digest) => digest.toString("base64"),
      (digest) => digest.toString("base64url"),
    ];
    for (const form of forms) {
      const secret = newSecret();
      const [id] = await imported({ sha256: form(sha256(secret)), scopes: ["documents:read"] });
      const shown = await app.call("/key?scope=documents:read", { key: secret });
      expect([shown.status, shown.body.id, shown.body.label]).toEqual([200, id, "imported"]);
      expect((await app.call("/key?scope=billing:read", { key: secret })).status).toBe(403);
    }
  });

  test("is stored under the hash of the secret after its first use, and lets in no other", async () => {
    const secret = newSecret();
    const [id = ""] = await imported({ sha256: hexOf(secret) });
    const [before] = await secretRows(id);
    expect(before).toMatchObject({ hash_of: "sha256", hash: before?.["import_hash"] });
    expect(await statusOf(secret)).toBe(200);
    const [after] = await upgraded(id);
    const hash = app.subkeys.secretHash.of(secret);
    expect(after).toMatchObject({ hash, import_hash: before?.["import_hash"] });
    expect(await statusOf(secret)).toBe(200);
    app.services.liveKeys.invalidateAll();
    expect(await statusOf(secret)).toBe(200);
  });

  test("is no credential itself, in no form in which anybody could have it", async () => {
    const secret = newSecret();
    const [id = ""] = await imported({ sha256: hexOf(secret) });
    const [row] = await secretRows(id);
    const near = [
      hexOf(secret),
      hexOf(secret).toUpperCase(),
      `sha256:${hexOf(secret)}`,
      sha256(secret).toString("base64"),
      sha256(secret).toString("base64url"),
      String(row?.["hash"]),
      secret.slice(0, -1),
      `${secret}A`,
      secret.toLowerCase(),
      secret.slice(3),
    ];
    const check = async () => {
      for (const text of near) expect([text, await statusOf(text)]).toEqual([text, 401]);
    };
    await check();
    expect(await statusOf(secret)).toBe(200);
    await upgraded(id);
    await check();
  });

  test("lets in 64 first uses at once, and is stored anew once", async () => {
    const secret = newSecret();
    // Beyond the plan, which is the operator's to give: 64 requests a minute.
    const key = { label: "x", sha256: hexOf(secret), limits: { requests_per_minute: 1_000 } };
    const [{ id }] = (await importAs(app.operator, [key])).body.data;
    const statuses = await Promise.all(Array.from({ length: 64 }, () => statusOf(secret)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await upgraded(id)).toHaveLength(1);
    expect((await app.call("/key", { key: secret })).body.id).toBe(id);
  });

  test("that is used while its key is revoked stays revoked", async () => {
    for (let round = 0; round < 10; round++) {
      const secret = newSecret();
      const [id = ""] = await imported({ sha256: hexOf(secret) });
      const uses = Array.from({ length: 8 }, () => statusOf(secret));
      const revoked = await app.call(`/api-keys/${id}`, {
        method: "DELETE",
        key: acme.manager.secret,
      });
      expect(revoked.status).toBe(200);
      expect(await statusOf(secret)).toBe(401);
      await Promise.all(uses);
      await app.services.digestUpgrades.stop();
      expect(await statusOf(secret)).toBe(401);
    }
  });

  test("that is used while its key is rotated ends when the rotation says", async () => {
    for (const grace of [0, 3_600]) {
      for (let round = 0; round < 10; round++) {
        const secret = newSecret();
        const [id = ""] = await imported({ sha256: hexOf(secret) });
        const uses = Array.from({ length: 8 }, () => statusOf(secret));
        const rotated = await app.call(`/api-keys/${id}/rotate`, {
          key: acme.manager.secret,
          body: { grace_period_seconds: grace },
        });
        expect(rotated.status).toBe(200);
        expect(rotated.body.secret).toStartWith("sk_live_");
        const expected = grace === 0 ? 401 : 200;
        expect(await statusOf(secret)).toBe(expected);
        await Promise.all(uses);
        await app.services.digestUpgrades.stop();
        expect([await statusOf(secret), await statusOf(rotated.body.secret)]).toEqual([
          expected,
          200,
        ]);
        const rows = await secretRows(id);
        expect(rows.map((row) => row["expires_at_ms"] === null).toSorted()).toEqual([false, true]);
      }
    }
  });

  test("does not work any more than any key that is disabled, expired or at its limit", async () => {
    const [off, late, small] = [newSecret(), newSecret(), newSecret()];
    await imported(
      { sha256: hexOf(off), enabled: false },
      { sha256: hexOf(late), expires_in_seconds: 60 },
      { sha256: hexOf(small), limits: { requests_per_minute: 1 } },
    );
    expect(await statusOf(off)).toBe(401);
    expect([await statusOf(small), await statusOf(small)]).toEqual([200, 429]);
    expect(await statusOf(late)).toBe(200);
    clock.advance(61_000);
    expect(await statusOf(late)).toBe(401);
  });
});

describe("an imported secret", () => {
  test("works at once, in the forms of other services, and by POST /v1/keys/verify", async () => {
    const secrets = [
      newSecret(),
      newSecret("unkey_"),
      newSecret("sk-ant-api03-"),
      `tenant:${randomBytes(20).toString("hex")}`,
      `${randomBytes(24).toString("base64")}==`.replace(/=+$/, "=="),
      randomBytes(32).toString("hex").toUpperCase(),
    ];
    given.push(...secrets);
    await imported(...secrets.map((secret) => ({ secret })));
    for (const secret of secrets) {
      expect([secret, await statusOf(secret)]).toEqual([secret, 200]);
      const verdict = await app.call("/v1/keys/verify", {
        key: acme.manager.secret,
        body: { key: secret },
      });
      expect(verdict.body.valid).toBe(true);
    }
  });

  test("may look like one of Tollgate's own without being one", async () => {
    const secret = `sk_live_${randomBytes(32).toString("hex")}`;
    given.push(secret);
    await imported({ secret });
    expect(await statusOf(secret)).toBe(200);
  });

  test("shows four characters of itself or of its digest", async () => {
    const [whole, digest] = [newSecret("unkey_"), newSecret()];
    const ids = await imported({ secret: whole }, { sha256: hexOf(digest) });
    const shown = await Promise.all(
      ids.map((id) => app.call(`/api-keys/${id}`, { key: acme.manager.secret })),
    );
    expect(shown.map(({ body }) => body.key_prefix)).toEqual([
      whole.slice("unkey_".length, "unkey_".length + 4),
      hexOf(digest).slice(0, 4),
    ]);
  });

  test("needs 128 bits of apparent entropy; the digest of a weaker one is the importer's risk", async () => {
    for (const secret of ["password".repeat(5), "a".repeat(64), crypto.randomUUID()]) {
      const line = await refusal({ label: "weak", secret });
      expect([line.code, line.param]).toEqual(["validation_failed", "secret"]);
      expect(line.message).toContain("bits of apparent entropy; 128 are needed");
      expect(JSON.stringify(line)).not.toContain(secret);
    }
    const uuid = crypto.randomUUID();
    await imported({ sha256: hexOf(uuid) });
    expect(await statusOf(uuid)).toBe(200);
  });

  test("with a digest that is no text is refused by the name of its field", async () => {
    for (const sha256 of [7, null, [], ""]) {
      const line = await refusal({ label: "x", sha256 });
      expect([sha256, line.param]).toEqual([sha256, "sha256"]);
    }
  });
});

describe("the report", () => {
  test("repeats nothing of a secret that stands in the wrong column, and takes none beside its digest", async () => {
    const secret = newSecret();
    const { body } = await importAll([
      { sha256: hexOf(newSecret()), hats: [secret] },
      { sha256: hexOf(newSecret()), ip_allowlist: [secret] },
      { sha256: hexOf(newSecret()), scopes: [`${secret}*x`] },
      { sha256: hexOf(secret), label: secret },
      { sha256: hexOf(secret), scopes: ["discover", secret] },
      { sha256: hexOf(secret), metadata: { old: [secret] } },
    ]);
    expect(body.refused).toBe(6);
    expect(JSON.stringify(body)).not.toContain(secret);
  });

  test("has a line for each key in its order, and one refused key keeps no other out", async () => {
    const [first, last] = [newSecret(), newSecret()];
    const { status, headers, body } = await importAll([
      { label: "first", secret: first },
      { label: "no secret" },
      { label: "both", secret: newSecret(), sha256: hexOf(newSecret()) },
      { label: "no digest", sha256: "x".repeat(64) },
      { label: "unknown field", secret: newSecret(), colour: "red" },
      { secret: newSecret() },
      "no object",
      { label: "bad scope", secret: newSecret(), scopes: ["a*b"] },
      { label: "past", secret: newSecret(), expires_at: "2001-01-01T00:00:00Z" },
      { label: "no plan", secret: newSecret(), plan: "no-such-plan" },
      { label: "no workspace", secret: newSecret(), workspace_id: other.workspace },
      { label: "management", secret: newSecret(), type: "management" },
      { label: "operator's", secret: newSecret(), instance_wide: true },
      { label: "last", sha256: hexOf(last) },
    ]);
    expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect([body.imported, body.would_import, body.refused, body.dry_run]).toEqual([
      2,
      0,
      12,
      false,
    ]);
    const lines = body.data.map((line: Record<string, unknown>) => [
      line["index"],
      line["label"],
      line["status"],
      line["code"],
      line["param"],
    ]);
    const wrong = (index: number, label: string | null, param: string | null) => [
      index,
      label,
      "refused",
      "validation_failed",
      param,
    ];
    expect(lines).toEqual([
      [0, "first", "imported", null, null],
      wrong(1, "no secret", "secret"),
      wrong(2, "both", "sha256"),
      wrong(3, "no digest", "sha256"),
      wrong(4, "unknown field", "colour"),
      wrong(5, null, "label"),
      wrong(6, null, null),
      wrong(7, "bad scope", "scopes.0"),
      wrong(8, "past", "expires_at"),
      wrong(9, "no plan", "plan"),
      wrong(10, "no workspace", "workspace_id"),
      wrong(11, "management", "type"),
      wrong(12, "operator's", "instance_wide"),
      [13, "last", "imported", null, null],
    ]);
    expect([await statusOf(first), await statusOf(last)]).toEqual([200, 200]);
  });

  test("of a dry run is the same, and nothing is written", async () => {
    const secret = newSecret();
    const keys = [{ label: "a", secret }, { label: "b" }];
    const before = await everything();
    const { status, body } = await importAll(keys, { dry_run: true });
    expect([status, body.imported, body.would_import, body.refused]).toEqual([200, 0, 1, 1]);
    expect(body.data[0]).toEqual({
      index: 0,
      label: "a",
      status: "would_import",
      id: null,
      code: null,
      message: null,
      param: null,
    });
    expect(await everything()).toEqual(before);
    expect(await statusOf(secret)).toBe(401);
  });

  test("is refused as a whole for no key, for 1,001, and for what is no list", async () => {
    const keys = Array.from({ length: 1_001 }, (_, at) => ({
      label: `${at}`,
      sha256: hexOf(`${at}`),
    }));
    for (const wrong of [[], keys]) {
      const { status, body } = await importAll(wrong);
      expect([status, body.error.param]).toEqual([422, "keys"]);
    }
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ keys: { [newSecret()]: {} } });
    const { status } = await app.call("/api-keys/import", {
      method: "POST",
      key: acme.manager.secret,
      headers,
      body,
    });
    expect(status).toBe(422);
  });

  test("is the same for the same Idempotency-Key, and the keys are made once", async () => {
    const keys = [{ label: "once", secret: newSecret() }, { label: "refused" }];
    const headers = { "idempotency-key": "import-1" };
    const first = await importAs(acme.manager.secret, keys, {}, headers);
    const second = await importAs(acme.manager.secret, keys, {}, headers);
    expect([first.body.imported, second.status]).toEqual([1, 200]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    const changed = await importAs(acme.manager.secret, [keys[1]], {}, headers);
    expect(changed.body.error.code).toBe("idempotency_key_reused");
  });
});

describe("a thousand keys", () => {
  test("are imported by one call, which may be larger than other bodies, with an audit row each", async () => {
    const secrets = Array.from({ length: 1_000 }, () => newSecret());
    const metadata = { note: "x".repeat(1_500) };
    const keys = secrets.map((secret, at) => ({
      label: `key ${at}`,
      ...(at % 2 === 0 ? { secret } : { sha256: hexOf(secret) }),
      limits: { requests_per_minute: 10 },
      metadata,
    }));
    expect(JSON.stringify(keys).length).toBeGreaterThan(1_048_576);
    const { status, body } = await importAll(keys);
    expect([status, body.imported, body.refused]).toEqual([200, 1_000, 0]);
    expect(body.data.map((line: { label: string }) => line.label)).toEqual(
      keys.map(({ label }) => label),
    );
    for (const at of [0, 1, 498, 499, 998, 999]) {
      const id = body.data[at].id;
      expect((await app.call("/key", { key: secrets[at] ?? "" })).body.id).toBe(id);
      const { data } = (await app.call(`/audit-log?target=${id}`, { key: acme.manager.secret }))
        .body;
      expect(data).toMatchObject([
        { action: "key.imported", target: { id }, changes: { before: null } },
      ]);
    }
    expect((await app.manage("/audit-log/verify")).body.valid).toBe(true);
    const again = await importAll(keys);
    expect([again.body.imported, again.body.refused]).toEqual([0, 1_000]);
  });
});

describe("a secret that is known already", () => {
  test("is refused in whatever form it comes, before and after its first use", async () => {
    const [whole, digest, used] = [newSecret(), newSecret(), newSecret()];
    const ids = await imported(
      { secret: whole },
      { sha256: hexOf(digest) },
      { sha256: hexOf(used) },
    );
    expect(await statusOf(used)).toBe(200);
    await upgraded(ids[2] ?? "");
    for (const secret of [whole, digest, used]) {
      for (const form of [{ secret }, { sha256: hexOf(secret) }]) {
        const line = await refusal({ label: "again", ...form });
        expect([line.code, line.message]).toEqual([
          "conflict",
          "This secret cannot be imported: it was before.",
        ]);
      }
    }
  });

  test("is refused within one import, whichever form comes second", async () => {
    const secret = newSecret();
    const { body } = await importAll([
      { label: "a", sha256: hexOf(secret) },
      { label: "b", secret },
      { label: "c", sha256: sha256(secret).toString("base64") },
    ]);
    expect(body.data.map((line: { status: string }) => line.status)).toEqual([
      "imported",
      "refused",
      "refused",
    ]);
    expect(body.data[1].message).toBe("The same secret as that of key 0 of this import.");
  });

  test("is refused to another tenant with the same words as to its own", async () => {
    const secret = newSecret();
    await imported({ secret });
    const key = { label: "same", secret };
    expect(await refusal(key, other.manager.secret)).toEqual(await refusal(key));
    expect((await app.call("/key", { key: secret })).body.id).toBeString();
  });

  test("is a secret that Tollgate made: the key that has it keeps it", async () => {
    const { id, secret } = acme.key;
    const line = await refusal({ label: "own", secret }, other.manager.secret);
    expect(line.code).toBe("conflict");
    const { body } = await importAs(other.manager.secret, [{ label: "x", sha256: hexOf(secret) }]);
    expect(body.imported).toBe(1);
    app.services.liveKeys.invalidateAll();
    expect((await app.call("/key", { key: secret })).body.id).toBe(id);
  });
});

describe("nobody imports more than they may create", () => {
  test("a key beyond the organization's plan is the operator's alone", async () => {
    const limits = { requests_per_minute: 1_000_000 };
    const line = await refusal({ label: "wide", secret: newSecret(), limits });
    expect([line.code, line.param]).toEqual(["insufficient_role", "limits.requests_per_minute"]);
    const secret = newSecret();
    const { body } = await importAs(app.operator, [{ label: "wide", secret, limits }]);
    expect(body.imported).toBe(1);
  });

  test("without keys:write, or as a member, the call is 403", async () => {
    const reader = await app.call("/api-keys", {
      key: acme.manager.secret,
      body: { label: "reader", type: "management", scopes: ["keys:read"] },
    });
    const keys = [{ label: "x", secret: newSecret() }];
    expect((await importAs(reader.body.secret, keys)).status).toBe(403);
    const byMember = await acme.people.member.call("/api-keys/import", { body: { keys } });
    expect([byMember.status, byMember.body.error.code]).toEqual([403, "insufficient_role"]);
    const byAdmin = await acme.people.admin.call("/api-keys/import", { body: { keys } });
    expect([byAdmin.status, byAdmin.body.imported]).toEqual([200, 1]);
  });

  test("a user key of somebody else is the operator's to import: who imports it knows it", async () => {
    const { member, admin } = acme.people;
    const keyOf = (user_id: string) => ({ label: "u", type: "user", secret: newSecret(), user_id });
    const line = await refusal(keyOf(member.id));
    expect([line.code, line.param]).toEqual(["insufficient_role", "user_id"]);
    const byAdmin = await admin.call("/api-keys/import", {
      body: { keys: [keyOf(member.id), keyOf(admin.id)] },
    });
    expect(byAdmin.body.data.map((each: { status: string }) => each.status)).toEqual([
      "refused",
      "imported",
    ]);
    const theirs = keyOf(member.id);
    const headers = { "tollgate-organization": acme.organization };
    const byOperator = await importAs(app.operator, [theirs, keyOf("usr_none")], {}, headers);
    expect(byOperator.body.data).toMatchObject([
      { status: "imported" },
      { status: "refused", code: "validation_failed", param: "user_id" },
    ]);
    const shown = await app.call("/key", { key: theirs.secret });
    expect([shown.body.type, shown.body.user_id]).toEqual(["user", member.id]);
    const person = await addOperator(app);
    const stranger = await importAs(app.operator, [keyOf(person.id)], {}, headers);
    expect(stranger.body.data[0].message).toBe("No such member.");
    const misplaced = await refusal({ ...keyOf(member.id), type: "workspace" });
    expect([misplaced.code, misplaced.param]).toEqual(["validation_failed", "user_id"]);
  });
});

describe("what is no key", () => {
  test("gets the same 401 before and after an import, with the same headers", async () => {
    const fresh = await startTestApp();
    const junk = [
      "sk-0123456789abcdefghij",
      "x".repeat(512),
      "x".repeat(600),
      "short",
      "id:secret|$!secret-secret",
      `sk_live_${"0".repeat(64)}`,
    ];
    const answers = async () =>
      Promise.all(
        junk.map(async (key) => {
          const { status, headers, body } = await fresh.call("/key", { key });
          const { request_id: _, ...error } = body.error;
          const names = [...headers.keys()].toSorted();
          return [status, names, headers.get("www-authenticate"), error];
        }),
      );
    const before = await answers();
    expect(new Set(before.map((each) => JSON.stringify(each))).size).toBe(1);
    const secret = newSecret();
    const report = await fresh.manage("/api-keys/import", {
      body: { keys: [{ label: "x", sha256: hexOf(secret) }] },
    });
    expect(report.body.imported).toBe(1);
    expect(await answers()).toEqual(before);
    expect((await fresh.call("/key", { key: secret })).status).toBe(200);
    await fresh.stop();
  });

  test("is not looked up until something was imported, and counts against its address", async () => {
    const fresh = await startTestApp({ flags: { anonymousPerMinute: "5" } });
    const { imported: known } = fresh.services;
    expect(known.mayBeSecret("sk-0123456789abcdefghij")).toBe(false);
    await fresh.manage("/api-keys/import", {
      body: { keys: [{ label: "x", secret: newSecret() }] },
    });
    expect(known.mayBeSecret("sk-0123456789abcdefghij")).toBe(true);
    const statuses: number[] = [];
    for (let at = 0; at < 7; at++) {
      statuses.push((await fresh.call("/key", { key: `sk-0123456789abcdefghij${at}` })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    await fresh.stop({ keepFolder: true });
    const again = await startTestApp({ folder: fresh.folder });
    expect(again.services.imported.mayBeSecret("sk-0123456789abcdefghij")).toBe(true);
    await again.stop();
  });
});

test("an import by another process is seen while the server runs", async () => {
  const fresh = await startTestApp();
  const secret = newSecret();
  const [line] = (
    await fresh.manage("/api-keys/import", {
      body: { keys: [{ label: "x", secret: newSecret() }] },
    })
  ).body.data;
  // As if this installation had never imported anything, and another connection brings in a key.
  const file = openFile(fresh.paths.database, 5_000);
  await file.execute("UPDATE secrets SET import_hash = NULL");
  await fresh.stop({ keepFolder: true });
  const server = await startTestApp({ folder: fresh.folder });
  expect(server.services.imported.mayBeSecret(secret)).toBe(false);
  const digest = hexOf(secret);
  const hash = server.subkeys.importHash.of(digest);
  await file.execute({
    sql: "UPDATE secrets SET hash = ?, hash_of = 'sha256', import_hash = ? WHERE key_id = ?",
    args: [hash, hash, line.id],
  });
  file.close();
  while ((await server.call("/key", { key: secret })).status !== 200) {
    await server.services.watch.check();
  }
  await server.stop();
});

test("nothing of a secret is in the log, the audit log, the database or the kept answers", async () => {
  const folder = await startTestApp();
  const secrets = Array.from({ length: 5 }, () => newSecret());
  const keys = secrets.map((secret, at) => ({ label: `${at}`, secret }));
  const [first = ""] = secrets;
  const hidden = [
    { label: first, secret: first },
    { label: "x", description: `was ${first}`, secret: first },
    { label: "x", secret: first, [first]: true },
    { label: "x", secret: first, metadata: { [first]: 1 } },
    { label: "x", secret: `${first} ` },
  ];
  const headers = { "idempotency-key": "kept" };
  const sent = await folder.manage("/api-keys/import", {
    body: { keys: [...keys.slice(1), ...hidden] },
    headers,
  });
  expect([sent.body.imported, sent.body.refused]).toEqual([4, 5]);
  for (const secret of secrets) await folder.call("/key", { key: secret });
  const log = await folder.manage("/audit-log/export");
  await folder.stop({ keepFolder: true });
  const texts = [JSON.stringify(sent.body), log.body, folder.logged.join("")];
  for (const name of ["tollgate.db"]) {
    texts.push(await Bun.file(`${folder.folder}/${name}`).text());
  }
  for (const secret of secrets) {
    for (const text of texts) {
      expect(text.includes(secret)).toBe(false);
      expect(text.includes(hexOf(secret))).toBe(false);
    }
  }
});

async function everything() {
  const { rows } = await app.services.db.lookup.$client.execute(
    "SELECT (SELECT count(*) FROM keys), (SELECT count(*) FROM secrets), (SELECT count(*) FROM audit_log), (SELECT count(*) FROM idempotent_answers)",
  );
  return Object.values(rows[0] ?? {});
}
