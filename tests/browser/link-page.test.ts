import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Browser, chromium, type Page, type Route } from "playwright-core";
import {
  emptyFolder,
  type RunningBinary,
  removeFolder,
  requireBinary,
  startBinary,
} from "../support/binary.ts";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
// A name that is not this machine's, to see what a browser does over plain HTTP.
const args = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP tollgate.test 127.0.0.1"];
const goodPassword = "plum kettle orbit window";

let folder: string;
let server: RunningBinary;
let browser: Browser;
/** Every token that a test used, and every address that a browser asked for. */
const tokens: string[] = [];
const addresses: string[] = [];

beforeAll(async () => {
  requireBinary();
  folder = emptyFolder();
  server = await startBinary({ cwd: folder, args: ["--access-log", "all"] });
  browser = await chromium.launch({ executablePath, args });
}, 120_000);

afterAll(async () => {
  await browser.close();
  await server.end();
  removeFolder(folder);
});

/** Somebody with a browser of their own. */
async function visitor() {
  const context = await browser.newContext({ viewport: { width: 400, height: 720 } });
  const page = await context.newPage();
  /** Errors, violations of the policy, other origins, things that moved. */
  const complaints: string[] = [];
  /** The statuses of answers that were refusals. */
  const refusals: number[] = [];
  /** How often the link was tried. */
  let uses = 0;
  page.on("console", (message) => {
    const refusal = /status of (4\d\d)/.exec(message.text())?.[1];
    if (refusal !== undefined) refusals.push(Number(refusal));
    else if (message.type() === "error" || message.type() === "warning") {
      complaints.push(message.text());
    }
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const { pathname, protocol, port } = new URL(request.url());
    addresses.push(request.url());
    if (pathname === "/auth/links/use") uses++;
    const isOwn = port === new URL(server.url).port || protocol === "data:" || protocol === "blob:";
    if (!isOwn) complaints.push(`left the origin: ${request.url()}`);
  });
  await page.addInitScript(`
    new PerformanceObserver((list) => {
      for (const { hadRecentInput, value } of list.getEntries()) {
        if (!hadRecentInput) console.warn("The page moved by " + value);
      }
    }).observe({ type: "layout-shift", buffered: true });
    addEventListener("securitypolicyviolation", ({ violatedDirective }) =>
      console.warn("Against the policy: " + violatedDirective));
  `);
  return { context, page, complaints, refusals, uses: () => uses };
}

function noted(url: string): string {
  tokens.push(url.slice(url.indexOf("#") + 1));
  return url;
}

function setupLink(): string {
  const url = /\S+\/link#[0-9a-f]{64}/.exec(server.stderr())?.[0];
  if (url === undefined) throw new Error("The first start printed no setup link.");
  return noted(url);
}

/** Calls as the operator's key. */
async function call<T>(path: string, body?: unknown): Promise<T> {
  const key = server.managementKey;
  if (key === undefined) throw new Error("The first start printed no management key.");
  const response = await server.call(path, { key, ...(body === undefined ? {} : { body }) });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}

async function invitationFor(email: string, role = "admin", organization?: string) {
  const { data } = await call<{ data: { id: string }[] }>("/organizations");
  const path = `/organizations/${organization ?? data[0]?.id}/invitations`;
  return noted((await call<{ url: string }>(path, { email, role })).url);
}

async function resetLinkFor(email: string): Promise<string> {
  const { data } = await call<{ data: { id: string }[] }>(`/users?email=${email}`);
  return noted((await call<{ url: string }>(`/users/${data[0]?.id}/password-reset`, {})).url);
}

const heading = (page: Page, name: string) => page.getByRole("heading", { name }).waitFor();
const textOf = async (page: Page, selector: string) =>
  (await page.locator(selector).allTextContents()).join("; ");
const focused = (page: Page) => page.evaluate<string>("document.activeElement.id");

/** Gives this password, by the Enter key. */
async function enter(page: Page, password: string): Promise<void> {
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
}

let operator: Awaited<ReturnType<typeof visitor>>;
let member: typeof operator;

test("the link that the first start prints makes the operator, once and in a session", async () => {
  operator = await visitor();
  const { page, context, complaints, refusals, uses } = operator;
  await page.goto(setupLink());
  await heading(page, "Set up Tollgate");
  expect(page.url()).toBe(`${server.url}/link`);
  await page.waitForFunction("document.activeElement.id === 'email'");

  const button = page.getByRole("button", { name: "Create the operator" });
  const place = await button.boundingBox();
  await page.keyboard.press("Enter");
  expect(await textOf(page, "#email-note")).toBe("Type an address such as ada@example.com.");
  expect(await textOf(page, "#password-note")).toBe("A password is needed.");
  expect(await button.boundingBox()).toEqual(place);
  expect(await focused(page)).toBe("email");
  await page.getByLabel("Email").fill("ada@example.com");
  await enter(page, "short");
  expect(await textOf(page, "#password-note")).toContain("5 characters are too few");
  expect(uses()).toBe(0);

  await enter(page, "password1234");
  await page.locator("#password-note", { hasText: "Too easy to guess" }).waitFor();
  expect(await page.locator("[aria-invalid]").count()).toBe(1);
  expect(await focused(page)).toBe("password");
  expect(await button.boundingBox()).toEqual(place);

  await page.getByLabel("Name").fill("Ada Lovelace");
  await enter(page, goodPassword);
  await page.keyboard.press("Enter");
  await heading(page, "Tollgate is set up");
  expect(uses()).toBe(2);
  expect(await focused(page)).toBe("title");
  expect(await textOf(page, "#lead")).toBe("You are logged in as Ada Lovelace, ada@example.com.");
  expect(await textOf(page, "li")).toBe("operator of this instance; owner of Default");

  const cookies = await context.cookies();
  expect(cookies).toMatchObject([
    { domain: "127.0.0.1", path: "/", httpOnly: true, secure: true, sameSite: "Strict" },
  ]);
  expect(cookies[0]?.name).toStartWith("__Host-");
  expect(await page.evaluate<string>("document.cookie")).toBe("");
  expect([complaints, refusals]).toEqual([[], [422]]);
});

test("from there Swagger UI makes a management call by the session, without a key", async () => {
  const { page, complaints } = operator;
  await page.setViewportSize({ width: 1200, height: 1000 });
  await page.getByRole("link", { name: "API documentation" }).click();
  const operation = page.locator("#operations-Organizations-listOrganizations");
  await operation.locator(".opblock-summary-control").click();
  const asked = page.waitForRequest(/\/organizations\b/);
  await operation.locator(".execute").click();
  expect(await (await asked).headerValue("authorization")).toBeNull();
  const live = operation.locator(".live-responses-table");
  await live.waitFor();
  expect(await live.locator(".response-col_status").last().textContent()).toContain("200");
  expect(await live.textContent()).toContain('"Default"');
  // How Swagger UI builds itself up is its own affair.
  expect(complaints.filter((text) => !text.startsWith("The page moved"))).toEqual([]);
});

test("a new person joins by an invitation, with the keyboard alone", async () => {
  member = await visitor();
  const { page, complaints, refusals } = member;
  await page.goto(await invitationFor("grace@example.com"));
  await heading(page, "Join Default");
  expect(await textOf(page, "#lead")).toContain("as admin");
  expect(await page.getByLabel("Email").inputValue()).toBe("grace@example.com");
  expect(await page.getByLabel("Email").isEditable()).toBe(false);
  await page.waitForFunction("document.activeElement.id === 'name'");
  await page.keyboard.type("Grace Hopper");
  await page.keyboard.press("Tab");
  await page.keyboard.type(goodPassword);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  expect(await page.getByLabel("Password", { exact: true }).getAttribute("type")).toBe("text");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await heading(page, "You have joined Default");
  expect(await textOf(page, "#lead")).toContain("Grace Hopper, grace@example.com");
  expect(await textOf(page, "li")).toBe("admin of Default");
  expect([complaints, refusals]).toEqual([[], []]);
});

test("who has a login already gives that password", async () => {
  const { page, complaints, refusals } = await visitor();
  const acme = { name: "Acme Widgets and Sons International", slug: "acme" };
  const { id } = await call<{ id: string }>("/organizations", acme);
  await page.goto(await invitationFor("ada@example.com", "viewer", id));
  await heading(page, "Join Acme");
  expect(await page.getByLabel("Name").isVisible()).toBe(false);
  await enter(page, "wrong");
  await page.locator("#password-note", { hasText: "password is wrong" }).waitFor();
  await enter(page, goodPassword);
  await heading(page, "You have joined Acme");
  expect(await textOf(page, "li")).toContain("viewer of Acme");
  expect([complaints, refusals]).toEqual([[], [401]]);
});

test("a reset link sets a new password and ends the sessions there were", async () => {
  const { page, complaints } = await visitor();
  await page.goto(await resetLinkFor("grace@example.com"));
  await heading(page, "Choose a new password");
  expect(await page.getByLabel("Email").inputValue()).toBe("grace@example.com");
  await page.getByLabel("Password", { exact: true }).fill("seven violet harbour lamps");
  await page.getByRole("button", { name: "Save the password" }).click();
  await heading(page, "Your password is changed");
  const session = await page.request.get(`${server.url}/auth/session`);
  expect(session.status()).toBe(200);
  expect((await member.page.request.get(`${server.url}/auth/session`)).status()).toBe(401);
  const body = { email: "grace@example.com", password: goodPassword };
  expect((await server.call("/auth/login", { body })).status).toBe(401);
  expect(complaints).toEqual([]);
});

test("a link that is used or not whole says so, and another one in the same tab works", async () => {
  const { page, complaints, refusals } = await visitor();
  await page.goto(setupLink());
  await heading(page, "This link cannot be used");
  expect(await textOf(page, "#lead")).toContain("was used, has expired");
  expect(await page.locator("input").count()).toBe(0);
  await page.goto(await invitationFor("tony@example.com"));
  await heading(page, "Join Default");
  expect(page.url()).toBe(`${server.url}/link`);
  // The token is nowhere any more: this page cannot go on.
  await page.reload();
  await heading(page, "This link cannot be used");
  expect(await textOf(page, "#lead")).toContain("A part of it is missing");
  expect([complaints, refusals]).toEqual([[], [410]]);
});

test("a server that cannot be reached is named as the reason, and a try can be repeated", async () => {
  const { page, context, uses } = await visitor();
  await page.route("**/auth/links/show", (route) => route.abort(), { times: 1 });
  await page.goto(await invitationFor("barbara@example.com"));
  await page.getByText("The server cannot be reached.").waitFor();
  expect(await focused(page)).toBe("retry");
  await page.keyboard.press("Enter");
  await heading(page, "Join Default");
  await page.getByLabel("Password", { exact: true }).fill(goodPassword);

  await context.setOffline(true);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("The server cannot be reached.").waitFor();
  await context.setOffline(false);
  const badGateway = { status: 502, contentType: "text/html", body: "<h1>Bad gateway" };
  await page.route("**/auth/links/use", (route) => route.fulfill(badGateway), { times: 1 });
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("on the way to the server (502)").waitFor();

  // The server does it and the answer is lost: the next try finds the link used.
  const loseAnswer = (route: Route) => route.fetch().then(() => route.abort());
  await page.route("**/auth/links/use", loseAnswer, { times: 1 });
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("The server cannot be reached.").waitFor();
  await page.keyboard.press("Enter");
  await heading(page, "This link cannot be used");
  expect(await textOf(page, "#lead")).toContain("the password that you chose holds");
  expect(uses()).toBe(4);
});

test("a browser that does not keep the session over plain HTTP is not called logged in", async () => {
  const { page, context, complaints, refusals } = await visitor();
  const url = await invitationFor("alan@example.com");
  await page.goto(url.replace("127.0.0.1", "tollgate.test"));
  await enter(page, goodPassword);
  await heading(page, "You have joined Default");
  expect(await textOf(page, "#lead")).toContain("did not keep the login: it does so over HTTPS");
  expect(await context.cookies()).toEqual([]);
  expect([complaints, refusals]).toEqual([[], [401]]);
});

test("no token was in an address that was asked for, nor in the log", () => {
  expect(tokens.length).toBeGreaterThan(5);
  for (const token of tokens) {
    expect(addresses.filter((address) => address.includes(token))).toEqual([]);
  }
  // The first start's own words, which hold the setup link, are no JSON.
  const log = server.stderr().match(/^\{.*$/gm) ?? [];
  expect(log.length).toBeGreaterThan(10);
  for (const token of tokens) expect(log.join("\n")).not.toContain(token);
});
