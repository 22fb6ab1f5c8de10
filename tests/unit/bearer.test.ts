import { describe, expect, test } from "bun:test";
import { DomainError } from "../../src/core/errors.ts";
import { readBearer } from "../../src/http/bearer.ts";

const read = (header: string | undefined) =>
  readBearer(
    new Request(
      "http://localhost/",
      header === undefined ? {} : { headers: { authorization: header } },
    ),
  );

describe("readBearer()", () => {
  test("gives the token, whatever the case of the scheme", () => {
    for (const scheme of ["Bearer", "bearer", "BEARER", "bEaReR"]) {
      expect(read(`${scheme} abc_123`)).toBe("abc_123");
    }
    expect(read("Bearer    abc")).toBe("abc");
  });

  test("gives nothing when no Bearer credential was sent", () => {
    for (const header of [undefined, "", "Basic YTpi", "Bearer", "Bearer ", "Token abc", "abc"]) {
      expect(read(header)).toBeUndefined();
    }
  });

  test("refuses two credentials and a token in two parts as malformed", () => {
    for (const header of ["Bearer a, Bearer b", "Bearer a b", "Basic x, Bearer y", "Bearer a,b"]) {
      const attempt = () => read(header);
      expect(attempt).toThrow(DomainError);
      expect(attempt).toThrow(expect.objectContaining({ code: "malformed_authorization" }));
    }
  });

  test("gives something that is no key for a token outside the alphabet", () => {
    for (const header of [
      "Bearer sk_live_ü",
      "Bearer ' OR 1=1--".replaceAll(" OR ", "|OR|"),
      "Bearer 💥".replace("💥", "\u00ff"),
    ]) {
      expect(read(header)).toBe("-");
    }
  });
});
