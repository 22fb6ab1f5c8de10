import { afterAll, beforeAll, expect, test } from "bun:test";
import { clientProject } from "../support/generated-client.ts";
import { documentPath } from "../support/openapi-document.ts";
import { startServer } from "../support/openapi-server.ts";

let project: Awaited<ReturnType<typeof clientProject>>;
let server: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  server = await startServer();
  const program = await Bun.file("tests/support/typed-client.txt").text();
  project = await clientProject({ document: documentPath, program });
});

afterAll(async () => {
  await server.stop();
  project.remove();
});

test("a typed client is generated from the document, type-checks and drives the server", async () => {
  expect(await project.typeFaults()).toBe("");
  expect(await project.run(server.url, server.managementKey)).toBe("done\n");
});
