import { describe, expect, test } from "bun:test";
import { minuteMs } from "../../src/core/clock.ts";
import type { LiveKey } from "../../src/keys/live-key.ts";
import { RequestCounts, usageCountsMax } from "../../src/usage/request-counts.ts";
import type { RequestCount } from "../../src/usage/rollup-store.ts";
import {
  SubjectBounds,
  usageSubjectsMax,
  usageSubjectsOfKeyMax,
} from "../../src/usage/subject-bounds.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };

/** As much of a key as is counted. */
function liveKey(id: string): LiveKey {
  const grant = { organizationId: "org", workspaceId: "ws", userId: null };
  return { id, grant, okMinute: -1, okCount: 0 } as unknown as LiveKey;
}

/** Counts whose saves are kept here, and fail as long as `isBroken`. */
function counting() {
  const saved = new Map<string, number>();
  const state = { isBroken: false, saved };
  const add = async (counts: RequestCount[]) => {
    if (state.isBroken) throw new Error("disk full");
    for (const { keyId, minuteMs: at, subject, status, requests } of counts) {
      const name = `${keyId} ${at / minuteMs} ${subject} ${status}`;
      saved.set(name, (saved.get(name) ?? 0) + requests);
    }
  };
  return { state, saved, requests: new RequestCounts(add, log) };
}

describe("requests", () => {
  test("are added up by key, minute, subject and status, and saved once", async () => {
    const { requests, saved } = counting();
    const [one, two] = [liveKey("one"), liveKey("two")];
    requests.admit(one, 5);
    requests.admit(one, 6);
    requests.admit(one, minuteMs);
    requests.admit(one, 7, "gpt");
    requests.admit(two, 8);
    requests.refuse(two, { subject: "", status: "revoked", wallMs: 9 });
    expect(await requests.stop()).toBe(true);
    await requests.save();
    expect(Object.fromEntries(saved)).toEqual({
      "one 0  ok": 2,
      "one 1  ok": 1,
      "one 0 gpt ok": 1,
      "two 0  ok": 1,
      "two 0  revoked": 1,
    });
    requests.admit(one, minuteMs);
    await requests.save();
    expect(saved.get("one 1  ok")).toBe(2);
  });

  test("that cannot be saved stay, go on being counted, and are saved later", async () => {
    const { requests, saved, state } = counting();
    const key = liveKey("one");
    state.isBroken = true;
    requests.admit(key, 0);
    await requests.save();
    requests.admit(key, 1);
    expect(await requests.stop()).toBe(false);
    state.isBroken = false;
    await requests.save();
    expect(Object.fromEntries(saved)).toEqual({ "one 0  ok": 2 });
  });

  test("beyond the bound are lost, and counted as lost", async () => {
    const { requests, saved, state } = counting();
    state.isBroken = true;
    requests.admit(liveKey("first"), 0);
    await requests.save();
    for (let at = 0; at < usageCountsMax + 5; at++) requests.admit(liveKey(`key-${at}`), 0);
    expect(requests.unsavedCount).toBe(usageCountsMax);
    expect(requests.lost).toBe(6);
    state.isBroken = false;
    await requests.save();
    expect(saved.size).toBe(usageCountsMax);
  });
});

describe("subjects", () => {
  test("are told apart up to a number a key and one in all, anew each day", () => {
    const bounds = new SubjectBounds();
    for (let at = 0; at < usageSubjectsOfKeyMax; at++) {
      expect(bounds.fit("key", `s${at}`, 0)).toBe(`s${at}`);
    }
    expect(bounds.fit("key", "one more", 0)).toBe("");
    expect(bounds.fit("key", "s1", 0)).toBe("s1");
    const others = usageSubjectsMax / usageSubjectsOfKeyMax - 1;
    for (let key = 0; key < others; key++) {
      for (let at = 0; at < usageSubjectsOfKeyMax; at++) bounds.fit(`other-${key}`, `s${at}`, 0);
    }
    expect(bounds.fit("new", "s1", 0)).toBe("");
    expect(bounds.fit("new", "s1", 86_400_000)).toBe("s1");
  });

  test("that are no line of text are counted without", () => {
    const bounds = new SubjectBounds();
    for (const text of ["a\u0000b", "a\nb", " ", "\ud800"])
      expect(bounds.fit("key", text, 0)).toBe("");
  });
});
