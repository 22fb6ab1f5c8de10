import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { startServer } from "../support/openapi-server.ts";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];

let server: Awaited<ReturnType<typeof startServer>>;
let browser: Browser;
let page: Page;
/** What the browser complained about: errors, refusals by the Content-Security-Policy, other origins. */
const complaints: string[] = [];

beforeAll(async () => {
  server = await startServer();
  browser = await chromium.launch({ executablePath, args });
  page = await browser.newPage({ viewport: { width: 1200, height: 1400 } });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    const isOwn = origin === server.url || protocol === "data:" || protocol === "blob:";
    if (!isOwn) complaints.push(`left the origin: ${request.url()}`);
  });
});

afterAll(async () => {
  await browser.close();
  await server.stop();
});

test("Swagger UI shows every operation, under the policy, from this origin alone", async () => {
  const response = await page.goto(`${server.url}/docs`);
  expect(response?.headers()["content-security-policy"]).not.toContain("unsafe");
  await page.locator("#operations-Keys-createKey").waitFor();
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, object>;
  };
  const count = Object.values(document.paths).flatMap((item) => Object.keys(item)).length;
  expect(await page.locator(".opblock").count()).toBe(count);
  expect(complaints).toEqual([]);
});

test("Authorize and Try it out call GET /key with a key", async () => {
  const created = await fetch(`${server.url}/api-keys`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${server.managementKey}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ label: "shown in the browser" }),
  });
  const { secret } = (await created.json()) as { secret: string };

  await page.getByRole("button", { name: "Authorize" }).first().click();
  await page.getByRole("textbox", { name: "auth-bearer-value" }).fill(secret);
  await page.locator(".auth-btn-wrapper .authorize").first().click();
  await page.locator(".auth-btn-wrapper .btn-done").first().click();

  const operation = page.locator("#operations-Presented_key-showPresentedKey");
  await operation.locator(".opblock-summary-control").click();
  // Examples of optional parameters are not typed in, so that the first click asks the plain question.
  expect(await operation.locator(".parameters input").first().inputValue()).toBe("");
  await operation.locator(".execute").click();
  const live = operation.locator(".live-responses-table");
  await live.waitFor();
  expect(await live.locator(".response-col_status").last().textContent()).toContain("200");
  expect(await live.textContent()).toContain("shown in the browser");
  expect(complaints).toEqual([]);
});
