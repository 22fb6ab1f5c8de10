import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const json = { "content-type": "application/json" };
const send = (body: string, headers: Record<string, string> = json) =>
  app.manage("/api-keys", { method: "POST", body, headers });

describe("bodies", () => {
  test("400 for what is no JSON", async () => {
    for (const body of [
      "{",
      "{'label': 1}",
      "label=x",
      '{"label": NaN}',
      "\u0000",
      '{"label":"x"}x',
    ]) {
      const answer = await send(body);
      expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_json"]);
    }
  });

  test("400 for JSON that is nested 100 levels deep or 100,000", async () => {
    for (const depth of [100, 100_000]) {
      const body = `{"label":"x","metadata":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}`;
      const answer = await send(body);
      expect(answer.status).toBe(400);
    }
  });

  test("400 for more values than a body may hold, and a million faults cost no more than fifty", async () => {
    const many = `{"label":"x","scopes":[${"1,".repeat(30_000)}1]}`;
    expect((await send(many)).body.error.code).toBe("invalid_json");
    const faults = await send(`{"label":"x","scopes":[${"1,".repeat(10_000)}1]}`);
    expect(faults.status).toBe(422);
    expect(faults.body.error.details.length).toBeLessThanOrEqual(50);
    const long = await send(`{"label":"x","${"y".repeat(500_000)}":1}`);
    expect([long.status, JSON.stringify(long.body).length < 2_000]).toEqual([422, true]);
  });

  test("a key that was revoked while its body was under way does nothing any more", async () => {
    const admin = await app.newKey({ type: "management" });
    const rest = Promise.withResolvers<void>();
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode('{"label":'));
        await rest.promise;
        controller.enqueue(new TextEncoder().encode('"too late"}'));
        controller.close();
      },
    });
    const headers = { ...json, authorization: `Bearer ${admin.secret}` };
    const request = new Request("http://localhost/api-keys", { method: "POST", body, headers });
    const answer = app.fetch(request);
    await app.manage(`/api-keys/${admin.id}`, { method: "DELETE" });
    rest.resolve();
    expect((await answer).status).toBe(401);
    expect((await app.manage("/api-keys?q=too+late")).body.data).toEqual([]);
  });

  test("422 names __proto__, constructor and prototype, and no prototype changes", async () => {
    for (const name of ["__proto__", "constructor", "prototype"]) {
      for (const body of [
        `{"label":"x","${name}":{"polluted":1}}`,
        `{"label":"x","metadata":{"${name}":{"polluted":1}}}`,
      ]) {
        const answer = await send(body);
        expect(answer.status).toBe(422);
        expect(answer.body.error.param).toContain(name);
      }
    }
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("422 names a text that the database could not give back as it was", async () => {
    for (const text of ["a\\u0000b", "a\\ud800b"]) {
      const label = await send(`{"label":"${text}"}`);
      expect([label.status, label.body.error.param]).toEqual([422, "label"]);
      const inside = await send(`{"label":"x","metadata":{"deep":["${text}"]}}`);
      expect([inside.status, inside.body.error.param]).toEqual([422, "metadata.deep.0"]);
      const plan = await app.manage("/plans", {
        method: "POST",
        body: `{"slug":"nul","name":"${text}"}`,
        headers: json,
      });
      expect(plan.status).toBe(422);
    }
    expect((await app.manage("/plans", { body: { slug: "blank", name: " " } })).status).toBe(422);
    expect((await app.manage("/plans")).status).toBe(200);
  });

  test("422 for JSON that is no object", async () => {
    for (const body of ["[]", '"x"', "7", "null", "true"]) {
      expect((await send(body)).status).toBe(422);
    }
  });

  test("415 for another media type and for none", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ]) {
      const answer = await send('{"label":"x"}', { "content-type": type });
      expect([answer.status, answer.body.error.code]).toEqual([415, "unsupported_media_type"]);
    }
    expect(
      (await send('{"label":"x"}', { "content-type": "application/json; charset=utf-8" })).status,
    ).toBe(201);
  });

  test("413 for more than 1 MiB, with and without a length", async () => {
    const large = `{"label":"${"x".repeat(1_048_576)}"}`;
    const answer = await send(large);
    expect([answer.status, answer.body.error.code]).toEqual([413, "payload_too_large"]);
    const chunk = new TextEncoder().encode("x".repeat(65_536));
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(chunk),
    });
    const headers = { ...json, authorization: `Bearer ${app.operator}` };
    const request = new Request("http://localhost/api-keys", {
      method: "POST",
      body: stream,
      headers,
    });
    expect((await app.fetch(request)).status).toBe(413);
  });

  test("400 for bytes that are not UTF-8", async () => {
    const headers = { ...json, authorization: `Bearer ${app.operator}` };
    const body = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]);
    const request = new Request("http://localhost/api-keys", { method: "POST", body, headers });
    expect((await app.fetch(request)).status).toBe(400);
  });

  test("a stranger's body is not even read: 401 before 400, 413, 415 and 422", async () => {
    for (const body of ["{", `{"label":"${"x".repeat(1_048_576)}"}`, "{}"]) {
      const answer = await app.call("/api-keys", { method: "POST", body, headers: json });
      expect(answer.status).toBe(401);
    }
  });
});

describe("paths, ids and methods", () => {
  test("404 in the error shape for unknown paths and hostile ids", async () => {
    const ids = [
      "x",
      "key_' OR 1=1",
      "%00",
      "..%2f..%2fetc",
      "key_019aa4c1f7e07a3cb1f60d6f5e2a9b14",
      "💥",
    ];
    for (const id of ids) {
      const answer = await app.manage(`/api-keys/${encodeURIComponent(id)}`);
      expect([answer.status, answer.body.error.code]).toEqual([404, "not_found"]);
    }
    expect((await app.call("/nowhere")).body.error.type).toBe("not_found_error");
    expect((await app.manage(`/api-keys/${"x".repeat(65)}`)).status).toBe(422);
  });

  test("a short host name does not cut the path", async () => {
    const ask = async (url: string) => (await app.fetch(new Request(url))).status;
    expect(await ask("http://x/healthz")).toBe(200);
    expect(await ask("http://x/abc/healthz")).toBe(404);
  });

  test("a path that leads nowhere is not counted against a good key's address", async () => {
    const key = await app.newKey();
    await app.call("/key", { key: key.secret });
    const before = app.services.addressLimiter.size;
    const answer = await app.call("/nowhere", { key: key.secret });
    expect([answer.status, answer.headers.get("x-ratelimit-remaining")]).toEqual([404, "59"]);
    expect(app.services.addressLimiter.size).toBe(before);
  });

  test("405 with Allow for a method that a path does not have", async () => {
    const answer = await app.manage("/api-keys", { method: "PUT" });
    expect([answer.status, answer.body.error.code]).toEqual([405, "method_not_allowed"]);
    expect(answer.headers.get("allow")).toBe("GET, HEAD, POST");
    const one = await app.manage("/api-keys/key_1", { method: "POST" });
    expect(one.headers.get("allow")).toBe("DELETE, GET, HEAD, PATCH");
  });
});

describe("answers", () => {
  test("every answer has an id of its own, and an error repeats it", async () => {
    const paths = ["/key", "/healthz", "/nowhere", "/docs", "/openapi.json", "/api-keys"];
    const ids = new Set<string>();
    for (const path of [...paths, ...paths]) {
      const answer = await app.call(path, { headers: { "x-request-id": "mine" } });
      const id = answer.headers.get("x-request-id") ?? "";
      expect(id).toStartWith("req_");
      if (answer.status >= 400) expect(answer.body.error.request_id).toBe(id);
      ids.add(id);
    }
    expect(ids.size).toBe(paths.length * 2);
  });

  test("problem details come to those who would rather have them than JSON", async () => {
    const typeFor = async (accept: string) =>
      (await app.call("/key", { headers: { accept } })).headers.get("content-type");
    for (const accept of [
      "application/problem+json",
      "application/json;q=0.5, application/problem+json",
      "application/Problem+JSON",
      "APPLICATION/JSON;Q=0.5, APPLICATION/PROBLEM+JSON",
      "*/*, application/problem+json;q=0.1",
    ]) {
      expect([accept, await typeFor(accept)]).toEqual([accept, "application/problem+json"]);
    }
    for (const accept of [
      "*/*",
      "application/json, application/problem+json",
      "application/json, application/problem+json;q=0.5",
      "application/problem+json;q=0",
    ]) {
      expect([accept, await typeFor(accept)]).toEqual([accept, "application/json"]);
    }

    const headers = { accept: "application/problem+json" };
    const answer = await app.call("/key", { headers });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatchObject({
      type: "urn:tollgate:error:missing_api_key",
      title: "API key missing",
      status: 401,
      code: "missing_api_key",
    });
    const invalid = await app.manage("/api-keys", { body: {}, headers });
    expect(invalid.body).toMatchObject({ status: 422, details: [{ param: "label" }] });
  });

  test("an unexpected failure tells the caller nothing but the request id, and the log everything", async () => {
    const key = await app.newKey();
    const { liveKeys } = app.services;
    const find = liveKeys.find;
    liveKeys.find = () => {
      throw new Error(`SELECT secret FROM /var/lib ${key.secret}`);
    };
    const answer = await app.call("/key", { key: key.secret });
    liveKeys.find = find;
    expect(answer.status).toBe(500);
    expect(answer.body.error).toEqual({
      type: "api_error",
      code: "internal_error",
      message: "Something went wrong on our side.",
      param: null,
      request_id: answer.body.error.request_id,
    });
    const line = app.logged.find((text) => text.includes(answer.body.error.request_id));
    expect(line).toContain("SELECT secret FROM /var/lib");
    expect(line).not.toContain(key.secret);
  });
});
