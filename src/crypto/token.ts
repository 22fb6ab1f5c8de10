import { randomBytes } from "node:crypto";

const tokenBytes = 32;
const tokenPattern = /^[0-9a-f]{64}$/;

/** What the browser holds for a session, or a one-time link carries: 256 random bits as hex. */
export function newToken(): string {
  return randomBytes(tokenBytes).toString("hex");
}

/** Whether the text can be one at all; junk is thrown out before any look-up. */
export function isToken(text: string): boolean {
  return tokenPattern.test(text);
}
