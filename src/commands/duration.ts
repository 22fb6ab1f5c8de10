import { CommandError } from "./report.ts";

const unitSeconds: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
};

/** `90d`, `24h`, `30m`, `45s`, `2w` in seconds. Throws a `CommandError` for anything else. */
export function parseDurationSeconds(text: string, flag: string): number {
  const match = /^(\d{1,9})([smhdw])$/.exec(text);
  if (match === null) {
    throw new CommandError(
      `Cannot use ${flag} ${text}: write a number and s, m, h, d or w, as in 90d.`,
      2,
    );
  }
  return Number(match[1]) * (unitSeconds[match[2] as string] as number);
}
