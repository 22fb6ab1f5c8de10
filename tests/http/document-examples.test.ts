import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  answerFaults,
  type DescribedServer,
  kindOf,
  type Sent,
  startDescribedServer,
} from "../support/described-server.ts";
import { type DescribedOperation, documentPath, operations } from "../support/openapi-document.ts";

let server: DescribedServer;

beforeAll(async () => {
  server = await startDescribedServer();
});

afterAll(() => server.stop());

const managing = operations.filter((one) => kindOf(one) === "management");
const lists = operations.filter(({ parameters = [] }) =>
  parameters.some(({ name }) => name === "cursor"),
);

async function expectSuccess(one: DescribedOperation, sent: Sent): Promise<Response> {
  const response = await server.send(one, sent);
  const [status] = Object.keys(one.responses);
  expect([response.status, await answerFaults(one, response)]).toEqual([Number(status), []]);
  return response;
}

describe.each(operations)("$operationId with its examples", (one) => {
  test("answers with its success, in the documented shape", async () => {
    await expectSuccess(one, await server.examplesOf(one));
  });
});

describe.each(managing)("$operationId with its examples", (one) => {
  test("answers a session as it answers a key", async () => {
    const { cookie } = server.operator;
    await expectSuccess(one, { ...(await server.examplesOf(one)), key: undefined, cookie });
  });
});

describe.each(lists)("$operationId", (one) => {
  test("shows what is there in the documented shape", async () => {
    const sent = { ...(await server.examplesOf(one)), query: { limit: "1" } };
    const response = await expectSuccess(one, sent);
    const { data } = (await response.json()) as { data: unknown[] };
    expect(data.length).toBe(1);
  });
});

test("/openapi.json serves the committed document", async () => {
  const response = await fetch(`${server.url}/openapi.json`);
  expect(await response.text()).toBe(await Bun.file(documentPath).text());
});
