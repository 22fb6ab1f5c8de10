import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { type DialectName, dialectNames } from "../../../src/dialects/index.ts";
import { type Answer, startTestApp, type TestApp } from "../../support/test-app.ts";
import { TestClock } from "../../support/test-clock.ts";
import { unwrapped } from "../../support/unwrapped.ts";

const folder = `${import.meta.dir}/page-examples`;
type Example = Record<string, unknown>;

/** The JSON of a page, word for word; the dots that stand for more are nothing. */
function examplesOf(file: string): Example[] {
  const text = readFileSync(`${folder}/${file}`, "utf8");
  return text
    .split("\n\n")
    .map((block) => JSON.parse(block.replaceAll("{ ... }", "{}").replaceAll("[...]", "[]")));
}

const keyWith = async (app: TestApp, input: object) => {
  const init = { body: { label: "production", ...input } };
  const { status, body } = await app.manage("/api-keys", init);
  return unwrapped(app.services.dialect.envelope, status, body).secret as string;
};
const grant = (app: TestApp, amount: number) =>
  app.manage("/organizations/default/credits", { body: { kind: "grant", amount, reason: "test" } });

interface Page {
  billingUrl?: string;
  /** What the server answers where the page shows its examples, in the order of the page. */
  answers: readonly ((app: TestApp) => Promise<Answer>)[];
  /** Fields whose values stand for any of the kind, or belong to what is not built. */
  placeholders?: readonly (readonly string[])[];
}

const pages: Partial<Record<DialectName, Page>> = {
  skillrouter: {
    answers: [
      async (app) => {
        const key = await keyWith(app, { limits: { requests_per_minute: 0 } });
        return app.call("/key", { key });
      },
    ],
  },
  skillboss: {
    answers: [
      async (app) => {
        const key = await keyWith(app, {});
        await grant(app, 7.23);
        return app.call("/v1/key", { key });
      },
      (app) => app.call("/v1/key", { key: "sk-abc123" }),
      async (app) => app.call("/v1/key?cost=1000", { key: await keyWith(app, {}) }),
    ],
    placeholders: [["choices"], [], []],
  },
  skillett: {
    billingUrl: "https://app.skillett.dev/billing",
    answers: [
      async (app) => app.call("/key", { key: await keyWith(app, {}) }),
      (app) => app.call("/key"),
      async (app) => {
        const limits = { requests_per_minute: 1_000_000, requests_per_day: 10_000 };
        const key = await keyWith(app, { limits });
        for (let at = 0; at < 10_000; at++) await app.call("/key", { key });
        return app.call("/key", { key });
      },
    ],
    placeholders: [[], ["error", "message", "action_url"], []],
  },
  searchrouter: {
    answers: [
      async (app) => {
        const key = await keyWith(app, { spend_limit: 100 });
        await grant(app, 50);
        await app.manage("/v1/keys/verify", { body: { key, cost: 12.84 } });
        return app.call("/api/v1/key", { key });
      },
      (app) => app.call("/api/v1/key"),
    ],
  },
};

const files = readdirSync(folder).toSorted();
const rows = files.flatMap((file) => {
  const name = file.slice(0, -".txt".length) as DialectName;
  return examplesOf(file).map((example, at) => ({ name, at, example }));
});

test("every page with JSON is held, and each of its examples is asked for", () => {
  const names = files.map((file) => file.slice(0, -".txt".length));
  expect(names).toEqual(Object.keys(pages).toSorted());
  expect(names.every((name) => dialectNames.includes(name as DialectName))).toBe(true);
  for (const [name, { answers }] of Object.entries(pages)) {
    expect(answers.length).toBe(rows.filter((row) => row.name === name).length);
  }
  expect(rows.filter(({ example }) => "error" in example).length).toBeGreaterThan(0);
});

test.each(rows)(
  "what the page of $name shows as example $at, the server says",
  async ({ name, at, example }) => {
    const { billingUrl = "", answers, placeholders = [] } = pages[name] as Page;
    // Half a minute is left, as on the page with Retry-After: 30.
    const clock = new TestClock("2026-03-02T10:00:30.000Z");
    const app = await startTestApp({ clock, flags: { dialect: name, billingUrl } });
    const ask = answers[at];
    if (ask === undefined) throw new Error("Nothing asks for this example.");
    const { body, status, headers } = await ask(app);
    const open = placeholders[at] ?? [];
    const fixed = Object.entries(example).filter(([field]) => !open.includes(field));
    expect(body).toMatchObject(Object.fromEntries(fixed));
    if ("error" in example) {
      expect(status).toBeGreaterThanOrEqual(400);
      for (const field of open) expect(typeof body[field]).toBe(typeof example[field]);
      const { retry_after: seconds } = example["error"] as Example;
      if (seconds !== undefined) expect(headers.get("retry-after")).toBe(String(seconds));
    }
    await app.stop();
  },
);
