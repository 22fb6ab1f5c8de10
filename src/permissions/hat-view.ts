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

/** Views kept; past it the table starts anew. */
const viewsKept = 1_000;

/** One view for all keys that see the same: a copy for each of thousands would be megabytes. */
export class HatViews {
  #byContent = new Map<string, HatView>();

  /** The view of these hats, made at the first question. */
  of(hats: readonly WornHat[], userId: string | null): HatView {
    if (hats.length === 0) return everything;
    const content = JSON.stringify([hats, userId === null]);
    const digest = Bun.SHA256.hash(content, "base64");
    const known = this.#byContent.get(digest);
    if (known !== undefined) return known;
    if (this.#byContent.size >= viewsKept) this.#byContent.clear();
    const view = viewThroughHats(hats, userId);
    this.#byContent.set(digest, view);
    return view;
  }
}
