export interface Platform {
  os: string;
  cpu: string;
  /** The package with libSQL's addon. */
  libsql: string;
  /** The package with argon2's addon. */
  argon2: string;
}

/** What a binary can be built for: where both addons come prebuilt. */
export const platforms = {
  "bun-linux-x64": platform("linux", "x64", "linux-x64-gnu", "linux-x64-gnu"),
  "bun-linux-arm64": platform("linux", "arm64", "linux-arm64-gnu", "linux-arm64-gnu"),
  "bun-darwin-x64": platform("darwin", "x64", "darwin-x64", "darwin-x64"),
  "bun-darwin-arm64": platform("darwin", "arm64", "darwin-arm64", "darwin-arm64"),
} as const satisfies Record<string, Platform>;

export type Target = keyof typeof platforms;
export const targets = Object.keys(platforms) as Target[];

/** True for a name in the table. */
export function isTarget(text: string): text is Target {
  return Object.hasOwn(platforms, text);
}

/** The target of the machine that builds. */
export function hostTarget(): Target {
  const target = `bun-${process.platform}-${process.arch}`;
  if (isTarget(target)) return target;
  throw new Error(`Tollgate cannot be built on ${process.platform}-${process.arch}.`);
}

function platform(os: string, cpu: string, libsql: string, argon2: string): Platform {
  return { os, cpu, libsql: `@libsql/${libsql}`, argon2: `@node-rs/argon2-${argon2}` };
}
