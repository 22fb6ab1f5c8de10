import { SkillSet } from "./skills.ts";

/** A hat of a key's workspace, and who of the key and its user wears it. */
export interface WornHat {
  id: string;
  slug: string;
  skills: string[];
  byKey: 0 | 1;
  byUser: 0 | 1;
}

/** What the hats of a workspace leave a key of all skills. */
export interface HatView {
  /** The ids of the hats that the key itself wears. */
  readonly worn: readonly string[];
  /** The hats it sees through. */
  readonly hats: readonly Pick<WornHat, "id" | "slug">[];
  /** Null is every skill. */
  readonly skills: SkillSet | null;
}

const everything: HatView = { worn: [], hats: [], skills: null };

/**
 * A workspace with no hats shows all skills. Else a key sees those of its workspace's hats, a user's
 * key those of the hats that the user wears, alone or with a team; and a key that wears hats itself
 * sees of these only what its own show.
 */
export function viewThroughHats(hats: readonly WornHat[], userId: string | null): HatView {
  if (hats.length === 0) return everything;
  const open = userId === null ? hats : hats.filter((hat) => hat.byUser === 1);
  const worn = hats.filter((hat) => hat.byKey === 1);
  const skills = skillsOf(open);
  return {
    worn: worn.map(({ id }) => id),
    hats: (worn.length === 0 ? open : worn).map(({ id, slug }) => ({ id, slug })),
    skills: worn.length === 0 ? skills : skills.intersect(skillsOf(worn)),
  };
}

function skillsOf(hats: readonly WornHat[]): SkillSet {
  return new SkillSet(hats.flatMap(({ skills }) => skills));
}

/** A hat of a key's workspace: its id, whether the key wears it and whether its user does. */
export type HatFlags = [id: string, byKey: 0 | 1, byUser: 0 | 1];

/** The hats that were read for some keys. */
export type KnownHats = ReadonlyMap<string, { id: string; slug: string; skills: string[] }>;

/** Views kept; past it the table starts anew. */
const viewsKept = 1_000;

/** One view for all keys that see the same: a copy for each of thousands would be megabytes. */
export class HatViews {
  #byContent = new Map<string, HatView>();
  /** Of the keys that were read together: most of a workspace's see the same. */
  #byFlags = new WeakMap<KnownHats, Map<string, HatView>>();

  /** The view through these hats, made at the first question. */
  of(row: { userId: string | null; hats: readonly HatFlags[] }, known: KnownHats): HatView {
    if (row.hats.length === 0) return everything;
    const views = this.#byFlags.get(known) ?? new Map<string, HatView>();
    this.#byFlags.set(known, views);
    const name = JSON.stringify([row.userId === null, row.hats]);
    const view = views.get(name) ?? this.#intern(wornHats(row.hats, known), row.userId);
    views.set(name, view);
    return view;
  }

  #intern(hats: readonly WornHat[], userId: string | null): HatView {
    const content = JSON.stringify([hats, userId === null]);
    const digest = Bun.SHA256.hash(content, "base64");
    const interned = this.#byContent.get(digest);
    if (interned !== undefined) return interned;
    if (this.#byContent.size >= viewsKept) this.#byContent.clear();
    const view = viewThroughHats(hats, userId);
    this.#byContent.set(digest, view);
    return view;
  }
}

/** A hat that went between the two reads shows nothing; its end makes the keys be read again. */
function wornHats(flags: readonly HatFlags[], known: KnownHats): WornHat[] {
  return flags.map(([id, byKey, byUser]) => {
    const { slug, skills } = known.get(id) ?? { slug: "", skills: [] };
    return { id, slug, skills, byKey, byUser };
  });
}
