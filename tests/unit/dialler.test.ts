import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import { parseAddressRange } from "../../src/permissions/address-range.ts";
import { Dialler, type Resolve } from "../../src/webhooks/dialler.ts";
import { startReceiver } from "../support/receiver.ts";
import { selfSigned } from "../support/self-signed.ts";

const name = "hooks.example.test";
const tls = selfSigned(name);
const secure = startReceiver({ tls });
const plain = startReceiver();

afterAll(async () => {
  await secure.stop();
  await plain.stop();
});
beforeEach(() => {
  secure.received.length = 0;
  plain.received.length = 0;
  plain.answer = undefined;
});

const loopback = [parseAddressRange("127.0.0.0/8") ?? []].flat();
const toLoopback: Resolve = async () => ["127.0.0.1"];

function post(
  url: string,
  options: { resolve?: Resolve; allowed?: typeof loopback; ca?: string; timeoutMs?: number } = {},
) {
  const { timeoutMs = 5_000, allowed = [], ...rest } = options;
  return new Dialler({ allowed, ...rest })
    .post({
      url,
      body: "{}",
      headers: { "content-type": "application/json" },
      signal: AbortSignal.timeout(timeoutMs),
    })
    .then(
      ({ status }) => status,
      (error: Error) => `${error.name}: ${error.message}`,
    );
}

const notPublic = "DialError: The name has an address that is not public.";

describe("a call by TLS", () => {
  const url = () => `https://${name}:${secure.port}/hook?a=b`;

  test("goes to the address that was judged, under the name of the URL", async () => {
    expect(await post(url(), { resolve: toLoopback, allowed: loopback, ca: tls.cert })).toBe(204);
    expect(secure.received[0]).toMatchObject({
      path: "/hook",
      body: "{}",
      headers: { host: `${name}:${secure.port}` },
    });
  });

  test("goes to an address without a name, whose certificate names it", async () => {
    const byAddress = `https://127.0.0.1:${secure.port}/`;
    expect(await post(byAddress, { allowed: loopback, ca: tls.cert })).toBe(204);
    expect(await post(byAddress, { allowed: loopback })).toContain("SELF_SIGNED");
  });

  test("tries the next address that was judged when nobody is at the first", async () => {
    const resolve = async () => ["127.0.0.9", "127.0.0.1"];
    expect(await post(url(), { resolve, allowed: loopback, ca: tls.cert })).toBe(204);
  });

  test("is refused with a certificate that nobody trusts, or of another name", async () => {
    const options = { resolve: toLoopback, allowed: loopback };
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    expect(await post(url(), options)).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
    delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    expect(await post(url(), options)).toContain("DEPTH_ZERO_SELF_SIGNED_CERT");
    const other = url().replace(name, "other.example.test");
    expect(await post(other, { ...options, ca: tls.cert })).toContain("ALTNAME_INVALID");
    expect(secure.received).toEqual([]);
  });
});

describe("a call to a name", () => {
  const inside = [
    ["127.0.0.1"],
    ["10.0.0.1"],
    ["169.254.169.254"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["64:ff9b::7f00:1"],
    ["2002:7f00:1::"],
    ["8.8.8.8", "127.0.0.1"],
    ["2606:4700::1111", "::1"],
  ];
  test.each(inside)("that stands for %s is not made", async (...addresses) => {
    const url = `https://${name}:${secure.port}/`;
    expect(await post(url, { resolve: async () => addresses, ca: tls.cert })).toBe(notPublic);
    expect(secure.received).toEqual([]);
  });

  test("asks the resolver once: what it would say the second time changes nothing", async () => {
    let asked = 0;
    const answers = [["192.0.2.1"], ["127.0.0.1"]];
    const resolve: Resolve = async () => answers[asked++] ?? [];
    const allowed = [parseAddressRange("192.0.2.0/24") ?? []].flat();
    const url = `https://${name}:${secure.port}/`;
    // The first address is allowed and nobody is there; the second, which is not, would answer.
    const outcome = await post(url, { resolve, allowed, ca: tls.cert, timeoutMs: 500 });
    expect(outcome).toMatch(/no answer in time|connection failed/);
    expect([asked, secure.received]).toEqual([1, []]);
  });

  test.each(["localhost", "localhost."])("%s is not made, by the real resolver", async (host) => {
    // Some systems know no name with a dot at its end.
    const refusals = [notPublic, "DialError: The name cannot be resolved."];
    expect(refusals).toContain(String(await post(`https://${host}:${secure.port}/`)));
    expect(secure.received).toEqual([]);
  });

  test("that has no address, or whose resolver fails or hangs, says so", async () => {
    const url = `https://${name}/`;
    expect(await post(url, { resolve: async () => [] })).toContain("no address");
    const failing = () => Promise.reject(new Error("queryA ESERVFAIL 10.0.0.53"));
    expect(await post(url, { resolve: failing })).toBe("DialError: The name cannot be resolved.");
    const hanging = () => new Promise<string[]>(() => {});
    expect(await post(url, { resolve: hanging, timeoutMs: 50 })).toContain("no answer in time");
  });
});

describe("a call to an address", () => {
  const literal = [
    "127.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "2130706433",
    "0x7f000001",
    "10.0.0.1",
  ];
  test.each(literal)("%s is not made", async (host) => {
    expect(await post(`https://${host}:${secure.port}/`)).toBe(notPublic);
    expect(await post(`http://${host}:${plain.port}/`)).toBe(notPublic);
    expect([...secure.received, ...plain.received]).toEqual([]);
  });

  test("by http is made in an allowed network only", async () => {
    expect(await post(plain.url, { allowed: loopback })).toBe(204);
    const url = `http://${name}:${plain.port}/`;
    expect(await post(url, { resolve: async () => ["8.8.8.8"] })).toBe("DialError: Not https.");
  });
});

describe("an answer", () => {
  test("that redirects inside is not followed", async () => {
    plain.answer = () => Response.redirect("http://169.254.169.254/latest/", 307);
    expect(await post(plain.url, { allowed: loopback })).toBe(307);
    expect(plain.received.length).toBe(1);
  });

  test("without end is left after some of it", async () => {
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    });
    plain.answer = () => new Response(endless);
    expect(await post(plain.url, { allowed: loopback })).toBe(200);
  });

  describe("that does not come", () => {
    let silent: Server;
    beforeAll(async () => {
      silent = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
      await new Promise((resolve) => silent.once("listening", resolve));
    });
    afterAll(() => silent.close());

    test("is not waited for beyond the time, and the connection is closed", async () => {
      const { port } = silent.address() as { port: number };
      const closed = new Promise((resolve) =>
        silent.once("connection", (socket) => socket.once("close", resolve).on("error", () => {})),
      );
      const url = `http://127.0.0.1:${port}/`;
      expect(await post(url, { allowed: loopback, timeoutMs: 100 })).toContain("no answer in time");
      await closed;
    });
  });

  test("that takes the connection over is an answer, and the connection is closed", async () => {
    const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";
    const taking = createServer((socket) => socket.on("error", () => {}).write(head));
    taking.listen(0, "127.0.0.1");
    await new Promise((resolve) => taking.once("listening", resolve));
    const closed = new Promise((resolve) =>
      taking.once("connection", (socket) => socket.resume().once("close", resolve)),
    );
    const { port } = taking.address() as { port: number };
    expect(await post(`http://127.0.0.1:${port}/`, { allowed: loopback })).toBe(101);
    await closed;
    taking.close();
  });

  test("that nobody can give is a failure with the system's code and no more", async () => {
    const gone = startReceiver();
    await gone.stop();
    expect(await post(gone.url, { allowed: loopback })).toBe(
      "DialError: The connection failed: ECONNREFUSED.",
    );
  });
});
