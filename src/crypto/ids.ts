/** The prefixes of the design's word list; one a kind of thing. */
export const idPrefixes = {
  organization: "org",
  workspace: "ws",
  user: "usr",
  key: "key",
  team: "team",
  hat: "hat",
  runtime: "rt",
  session: "ses",
  link: "lnk",
  hold: "hold",
  entry: "led",
  grant: "grant",
  price: "prc",
  webhook: "wh",
  event: "evt",
  delivery: "dlv",
  recharge: "rch",
} as const;

export type IdKind = keyof typeof idPrefixes;

/** Sortable by time: a UUIDv7 (RFC 9562 section 5.7) without its dashes, behind the kind's prefix. */
export function newId(kind: IdKind, nowMs: number): string {
  return `${idPrefixes[kind]}_${Bun.randomUUIDv7("hex", nowMs).replaceAll("-", "")}`;
}
