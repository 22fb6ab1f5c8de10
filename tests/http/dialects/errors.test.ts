import { describe, expect, test } from "bun:test";
import { errorCodes } from "../../../src/core/errors.ts";
import { dialectNames } from "../../../src/dialects/index.ts";
import { goldenPath, renderGolden } from "../../support/golden-errors.ts";

describe.each(dialectNames)("every error in %s", (name) => {
  test("is on the wire as it was: bun tests/support/write-golden.ts writes what it is now", async () => {
    expect(await Bun.file(goldenPath(name)).text()).toBe(await renderGolden(name));
  });

  test("has the status, the challenge and the headers that it has in standard", async () => {
    const standard = await Bun.file(goldenPath("standard")).json();
    const golden = await Bun.file(goldenPath(name)).json();
    expect(Object.keys(golden)).toEqual(Object.keys(errorCodes));
    for (const code of Object.keys(errorCodes)) {
      expect(golden[code].status).toBe(standard[code].status);
      expect(golden[code].headers).toEqual(standard[code].headers);
    }
  });
});
