import { dialectNames } from "../../src/dialects/index.ts";
import { goldenPath, renderGolden } from "./golden-errors.ts";

// `bun tests/support/write-golden.ts`: writes what errors are now; the diff is what to look at.
for (const name of dialectNames) await Bun.write(goldenPath(name), await renderGolden(name));
