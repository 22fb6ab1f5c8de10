import type { Static } from "@sinclair/typebox";
import type { WindowClock } from "../limits/window-clock.ts";
import { KeyFace } from "./key-face.ts";
import type { LiveKey } from "./live-key.ts";
import type { PresentedKeySchema } from "./presented-schemas.ts";

/** The face of a key, made at its first use and again when its grant was replaced. */
export function faceOf(live: LiveKey): KeyFace {
  live.face ??= new KeyFace(live.grant);
  return live.face;
}

/** The presented key as an object: the same text that `GET /key` sends, read back. */
export function presentKey(live: LiveKey, clock: WindowClock): Static<typeof PresentedKeySchema> {
  return JSON.parse(faceOf(live).bodyFor(live, clock));
}
