import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import { createLogger } from "../../src/core/log.ts";
import { LinkWebhook } from "../../src/users/link-webhook.ts";
import { addPerson, defaultOrganization, inviteTo, newEmail } from "../support/people.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;

interface Received {
  body: string;
  headers: Record<string, string>;
}

/** A mailer that refuses its first `failures` messages. */
function startMailer(failures = 0) {
  const received: Received[] = [];
  const waiting: ((message: Received) => void)[] = [];
  let left = failures;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const message = { body: await request.text(), headers: request.headers.toJSON() };
      if (left-- > 0) return new Response("not now", { status: 503 });
      received.push(message);
      waiting.shift()?.(message);
      return new Response("ok");
    },
  });
  return {
    received,
    url: `${server.url.origin}/mail`,
    next: () => new Promise<Received>((resolve) => waiting.push(resolve)),
    stop: () => server.stop(true),
  };
}

let app: TestApp;
const mailer = startMailer();

beforeAll(async () => {
  const publicUrl = "https://keys.example.com";
  const flags = { linkWebhookUrl: mailer.url, linkWebhookSecret: secret, publicUrl };
  app = await startTestApp({ flags });
});
afterAll(async () => {
  await app.stop();
  await mailer.stop();
});

describe("the link webhook", () => {
  test("carries an invitation's link, signed as Standard Webhooks says", async () => {
    const email = newEmail();
    const arrived = mailer.next();
    const made = await inviteTo(app, await defaultOrganization(app), { email, role: "viewer" });
    const { body, headers } = await arrived;
    const signer = new Webhook(secret);
    const signedAt = new Date(Number(headers["webhook-timestamp"]) * 1_000);
    const signature = signer.sign(made.id, signedAt, body);
    expect([headers["webhook-id"], headers["webhook-signature"]]).toEqual([made.id, signature]);
    const { type, data } = JSON.parse(body);
    expect([type, data]).toEqual([
      "link.created",
      {
        purpose: "invitation",
        email,
        organization: "Default",
        url: made.url,
        expires_at: made.expires_at,
      },
    ]);
  });

  test("carries a reset link to the user's address", async () => {
    const joined = mailer.next();
    const person = await addPerson(app, { role: "member" });
    await joined;
    const arrived = mailer.next();
    const offered = await app.manage(`/users/${person.id}/password-reset`, { method: "POST" });
    const { data } = JSON.parse((await arrived).body);
    expect(data).toMatchObject({
      purpose: "password_reset",
      email: person.email,
      url: offered.body.url,
    });
  });

  test("is tried again when the mailer does not take it", async () => {
    const moody = startMailer(2);
    const logged: string[] = [];
    const log = createLogger(
      "debug",
      () => 0,
      (line) => logged.push(line),
    );
    const clock = app.clock;
    const webhook = new LinkWebhook({ url: moody.url, secret, clock, log, pausesMs: [0, 0] });
    const arrived = moody.next();
    const link = { id: "lnk_1", url: "http://x/link#t", token: "t", expires_at: "2026" };
    webhook.send({ purpose: "invitation", email: "a@b.example", organization: null, link });
    await arrived;
    expect([moody.received.length, logged]).toEqual([1, []]);
    await moody.stop();
  });

  test("needs a secret, and a public URL: a mail must not follow a caller's Host", async () => {
    const flags = { linkWebhookUrl: mailer.url };
    const start = (more: object) => startTestApp({ flags: { ...flags, ...more } });
    await expect(start({})).rejects.toThrow("TOLLGATE_LINK_WEBHOOK_SECRET");
    await expect(start({ linkWebhookSecret: secret })).rejects.toThrow("TOLLGATE_PUBLIC_URL");
  });
});
