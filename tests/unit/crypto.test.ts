import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { newId } from "../../src/crypto/ids.ts";
import {
  PasswordHasher,
  passwordHashesMax,
  passwordQueueMax,
} from "../../src/crypto/password-hash.ts";
import {
  createRootKey,
  deriveSubkeys,
  RootKeyError,
  readRootKey,
} from "../../src/crypto/root-key.ts";
import { seal, unseal } from "../../src/crypto/seal.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-crypto-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("root key", () => {
  test("it is made with mode 0600, read back the same, and never overwritten", () => {
    const path = join(folder, "root.key");
    const made = createRootKey(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readRootKey(path)).toEqual(made);
    expect(() => createRootKey(path)).toThrow();
  });

  test("a missing or malformed one is refused with a sentence that names the file", () => {
    const missing = join(folder, "missing.key");
    expect(() => readRootKey(missing)).toThrow(RootKeyError);
    expect(() => readRootKey(missing)).toThrow(missing);
    const malformed = join(folder, "malformed.key");
    writeFileSync(malformed, "abc");
    expect(() => readRootKey(malformed)).toThrow("64 hexadecimal");
  });

  test("the subkeys differ by purpose and by root key", () => {
    const [a, b] = [deriveSubkeys(Buffer.alloc(32, 1)), deriveSubkeys(Buffer.alloc(32, 2))];
    const hashes = [a, b].flatMap((keys) => [
      keys.secretHash.of("x"),
      keys.idempotencyHash.of("x"),
    ]);
    expect(new Set(hashes).size).toBe(4);
    expect(a.secretHash.id).not.toBe(b.secretHash.id);
    expect(deriveSubkeys(Buffer.alloc(32, 1)).secretHash.of("x")).toBe(a.secretHash.of("x"));
  });
});

describe("seal()", () => {
  const key = Buffer.alloc(32, 7);

  test("opens with the same key, salt and context", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(unseal(key, "salt", "row 1", seal(key, "salt", "row 1", text))).toBe(text);
      }),
    );
  });

  test("fails closed in another row, under another salt or key, and with one bit flipped", () => {
    const sealed = seal(key, "salt", "row 1", "text");
    expect(() => unseal(key, "salt", "row 2", sealed)).toThrow();
    expect(() => unseal(key, "tlas", "row 1", sealed)).toThrow();
    expect(() => unseal(Buffer.alloc(32, 8), "salt", "row 1", sealed)).toThrow();
    const bytes = Buffer.from(sealed, "base64url");
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      expect(() => unseal(key, "salt", "row 1", flipped.toString("base64url"))).toThrow();
    }
  });
});

describe("ids", () => {
  test("they carry their kind and sort by time", () => {
    const ids = Array.from({ length: 100 }, (_, at) => newId("key", 1_000 + at));
    expect(ids.every((id) => /^key_[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(ids.toSorted()).toEqual(ids);
  });
});

describe("password hash", () => {
  test("it is argon2id with the stated cost, and only the password opens it", async () => {
    const hasher = new PasswordHasher();
    const phc = await hasher.hash("correct horse battery");
    expect(phc).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(await hasher.verify(phc, "correct horse battery")).toBe(true);
    expect(await hasher.verify(phc, "correct horse batterz")).toBe(false);
    expect(await hasher.verify("not a hash", "x")).toBe(false);
  });

  test("a flood waits in a bounded queue, the rest is turned away", async () => {
    const hasher = new PasswordHasher();
    const total = passwordHashesMax + passwordQueueMax + 5;
    const attempts = Array.from({ length: total }, () => hasher.hash("x".repeat(12)));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === "rejected").length).toBe(5);
  });
});
