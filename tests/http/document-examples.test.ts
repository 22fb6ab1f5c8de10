import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  answerFaults,
  type DescribedServer,
  startDescribedServer,
} from "../support/described-server.ts";
import { documentPath, operations } from "../support/openapi-document.ts";

let server: DescribedServer;

beforeAll(async () => {
  server = await startDescribedServer();
});

afterAll(() => server.stop());

describe.each(operations)("$operationId with its examples", (one) => {
  test("answers with its success, in the documented shape", async () => {
    const response = await server.send(one, await server.examplesOf(one));
    const [status] = Object.keys(one.responses);
    expect([response.status, await answerFaults(one, response)]).toEqual([Number(status), []]);
  });
});

test("/openapi.json serves the committed document", async () => {
  const response = await fetch(`${server.url}/openapi.json`);
  expect(await response.text()).toBe(await Bun.file(documentPath).text());
});
