import { describe, expect, test } from "bun:test";
import { ConfigError, dataPaths, loadConfig, parseTrustedProxies } from "../../src/config/load.ts";
import { configNames, flagOf, variableOf } from "../../src/config/schema.ts";
import { dialectNames } from "../../src/dialects/index.ts";

describe("loadConfig()", () => {
  test("takes flags before the environment before defaults", () => {
    const environment = { TOLLGATE_PORT: "9000", TOLLGATE_HOST: "0.0.0.0", PATH: "/bin" };
    const config = loadConfig({ port: "9001" }, environment);
    expect([config.port, config.host, config.data]).toEqual([9_001, "0.0.0.0", "./data"]);
  });

  test("an empty variable is as good as none", () => {
    expect(loadConfig({}, { TOLLGATE_PORT: "" }).port).toBe(8_080);
  });

  const refused: [string, Record<string, string>, string][] = [
    ["a port that is none", { TOLLGATE_PORT: "http" }, "TOLLGATE_PORT=http"],
    ["a port out of range", { TOLLGATE_PORT: "65536" }, "TOLLGATE_PORT=65536"],
    ["an unknown level", { TOLLGATE_LOG_LEVEL: "loud" }, "error, warn, info, debug"],
    ["an unknown dialect", { TOLLGATE_DIALECT: "klingon" }, dialectNames.join(", ")],
    ["a proxy that is no network", { TOLLGATE_TRUSTED_PROXIES: "localhost" }, "localhost"],
    ["a misspelt variable", { TOLLGATE_PROT: "80" }, "TOLLGATE_PROT"],
  ];
  for (const [what, environment, named] of refused) {
    test(`refuses ${what} and names it`, () => {
      const attempt = () => loadConfig({}, environment);
      expect(attempt).toThrow(ConfigError);
      expect(attempt).toThrow(named);
    });
  }

  test("every setting has a flag and a variable of the same words", () => {
    expect(variableOf("rootKeyFile")).toBe("TOLLGATE_ROOT_KEY_FILE");
    expect(flagOf("rootKeyFile")).toBe("--root-key-file");
    expect(new Set(configNames.map(variableOf)).size).toBe(configNames.length);
  });

  test("the root key lies in the data folder unless it has a place of its own", () => {
    expect(dataPaths({ data: "/srv/t", rootKeyFile: "" }).rootKey).toBe("/srv/t/root.key");
    expect(dataPaths({ data: "/srv/t", rootKeyFile: "/etc/t.key" }).rootKey).toBe("/etc/t.key");
  });

  test("trusted proxies are networks separated by commas", () => {
    expect(parseTrustedProxies({ trustedProxies: " 127.0.0.1 , 10.0.0.0/8" })).toHaveLength(2);
    expect(parseTrustedProxies({ trustedProxies: "" })).toEqual([]);
  });
});
