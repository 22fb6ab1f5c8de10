import { describe, expect, test } from "bun:test";
import { type ErrorCode, errorCodes } from "../../../src/core/errors.ts";
import { dialectNames, dialectOf } from "../../../src/dialects/index.ts";
import { goldenPath, renderGolden } from "../../support/golden-errors.ts";

describe.each(dialectNames)("every error in %s", (name) => {
  test("is on the wire as it was: bun tests/support/write-golden.ts writes what it is now", async () => {
    expect(await Bun.file(goldenPath(name)).text()).toBe(await renderGolden(name));
  });

  test("has the status, the challenge and the headers that it, or what it is said as, has in standard", async () => {
    const standard = await Bun.file(goldenPath("standard")).json();
    const golden = await Bun.file(goldenPath(name)).json();
    expect(Object.keys(golden)).toEqual(Object.keys(errorCodes));
    const { saidAs } = dialectOf(name).errors;
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      const { status, headers } = standard[saidAs?.[code] ?? code];
      expect([code, golden[code].status]).toEqual([code, status]);
      expect(golden[code].headers).toEqual(headers);
    }
  });
});
