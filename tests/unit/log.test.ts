import { describe, expect, test } from "bun:test";
import { createLogger, describeError, redactSecrets } from "../../src/core/log.ts";
import { generateSecret, keyTypes } from "../../src/crypto/secret-format.ts";

describe("log", () => {
  test("a secret is blotted out wherever it stands, whole or cut", () => {
    for (const type of keyTypes) {
      const { secret } = generateSecret(type, "live");
      for (const shown of [secret, secret.slice(0, 40), secret.toUpperCase()]) {
        const text = redactSecrets(`{"cause":"near ${shown}: syntax error"}`);
        expect(text).not.toContain(shown);
        expect(text).toContain("[redacted]");
      }
    }
  });

  test("a webhook's secret is blotted out too", () => {
    const text = redactSecrets("near whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw/+KQ9r8GKYo=: error");
    expect(text).toBe("near whsec_[redacted]: error");
  });

  test("ids stay readable", () => {
    const text = "key_01a1fc36338e7330aa560d05b80492df org_1 req_9838b89e5f0000004";
    expect(redactSecrets(text)).toBe(text);
  });

  test("lines are JSON with time and level, and a lower level is left out", () => {
    const lines: string[] = [];
    const log = createLogger(
      "warn",
      () => 0,
      (line) => lines.push(line),
    );
    log.info("left out");
    log.error("kept", { status: 500 });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { time: "1970-01-01T00:00:00.000Z", level: "error", message: "kept", status: 500 },
    ]);
  });

  test("an error is described with its causes", () => {
    const text = describeError(new Error("outer", { cause: new Error("inner") }));
    expect(text).toContain("outer");
    expect(text).toContain("caused by: Error: inner");
  });
});
