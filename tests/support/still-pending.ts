import { describe, expect, test } from "bun:test";
import type { DialectServer } from "./dialect-server.ts";

/** What is not built, and requests that would lead somewhere if it were. */
const unbuilt = {
  "needs the catalog": ["GET /v1/skills", "GET /v1/skills/github", "POST /v1/discover"],
  "needs the gateway": ["POST /v1/chat/completions", "POST /v1/github/create-issue"],
  "needs connections": ["POST /v1/connect", "GET /v1/connect/con_1"],
  "needs downloads": ["GET /v1/github/download", "GET /skill.md"],
  "needs the device flow": [
    "POST /auth/device/code",
    "POST /auth/device/authorize",
    "POST /auth/device/token",
  ],
  "needs the console": ["GET /", "GET /console", "GET /dashboard"],
  "needs BYOK": ["GET /byok", "GET /provider-keys", "GET /organizations/default/provider-keys"],
  "its SDK is not public": [],
} as const satisfies Record<string, readonly string[]>;

/** A sentence or example of a page that belongs to what is not built yet, and what that is. */
export interface Pending {
  sentence: string;
  why: keyof typeof unbuilt;
}

/** Tests that what a page's pending sentences wait for is missing still: else they are due. */
export function describePending(pending: readonly Pending[], server: () => DialectServer): void {
  describe("what is pending", () => {
    const sentences = pending.map(({ sentence, why }) => [sentence, why] as const);
    test.each(sentences)("%s: %s still", async (_, why) => {
      for (const route of unbuilt[why]) {
        const [method = "", path = ""] = route.split(" ");
        const { secret } = await server().newKey();
        for (const key of [server().managementKey, secret]) {
          const body = method === "GET" ? undefined : {};
          const { status } = await server().call(path, { method, key, body });
          expect([route, status]).toEqual([route, 404]);
        }
      }
    });
  });
}
