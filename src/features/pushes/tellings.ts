/** A tag that a push set, and that is not told yet. */
export interface UntoldTag {
  readonly id: number;
  readonly push_id: number;
  readonly tag: string;
  readonly image_id: string;
  /** the image that the tag was told with last */
  readonly last_told: string | null;
  /** its push gave no sign of life for long */
  readonly is_abandoned: boolean;
}

/** What an end tells of. */
export interface Ending {
  /** the push that it ends */
  readonly ended: number | undefined;
  /** the caller's pushes that have set all their tags */
  readonly through: ReadonlySet<number>;
}

/** What is told, and what will never be: both in the order in which the tags were set. */
export interface Tellings {
  readonly told: readonly UntoldTag[];
  readonly dropped: readonly UntoldTag[];
}

/** Sets that directly follow each other and are of one image: parallel pushes of it, or one push tried again. */
function runsOf(sets: readonly UntoldTag[]): UntoldTag[][] {
  const runs: UntoldTag[][] = [];
  for (const set of sets) {
    const last = runs.at(-1);
    if (last?.[0]?.image_id === set.image_id) last.push(set);
    else runs.push([set]);
  }
  return runs;
}

/** @param sets - of one tag, in their order */
function tellTag(sets: readonly UntoldTag[], { ended, through }: Ending): { told: UntoldTag[]; dropped: UntoldTag[] } {
  const told: UntoldTag[] = [];
  const dropped: UntoldTag[] = [];
  let waiting: UntoldTag[] = [];
  let shown = sets[0]?.last_told;
  for (const run of runsOf(sets)) {
    const own = run.filter((set) => set.push_id === ended);
    const news = run.filter((set) => through.has(set.push_id) && set.image_id !== shown).slice(0, 1);
    const chosen = own.length > 0 ? own : news;
    if (chosen.length === 0) {
      waiting.push(...run);
      continue;
    }
    for (const before of waiting) {
      if (before.is_abandoned && before.image_id === shown) dropped.push(before);
      else told.push(before);
      shown = before.image_id;
    }
    told.push(...chosen);
    shown = run[0]?.image_id;
    waiting = run.filter((set) => !chosen.includes(set));
  }
  return { told, dropped };
}

/**
 * What an end tells. Each set of a tag is told once, and a tag's sets in their order:
 *
 *   - what the ended push set;
 *   - what another push that is through set, if the tag's last telling was of another image;
 *   - before these, all that was done with the same tag earlier. But of sets to the same image that directly follow each
 *     other only these are told, and the others wait for the end of their own push: there may be as many ends as there
 *     were pushes. If there are not, it was one push tried again.
 *
 * @param untold - of the repository, in the order in which the tags were set
 */
export function tellingsOf(untold: readonly UntoldTag[], ending: Ending): Tellings {
  const tags = [...new Set(untold.map(({ tag }) => tag))];
  const parts = tags.map((tag) =>
    tellTag(
      untold.filter((set) => set.tag === tag),
      ending,
    ),
  );
  const inOrder = (sets: UntoldTag[]): UntoldTag[] => sets.sort((left, right) => left.id - right.id);
  return {
    told: inOrder(parts.flatMap((part) => part.told)),
    dropped: inOrder(parts.flatMap((part) => part.dropped)),
  };
}
