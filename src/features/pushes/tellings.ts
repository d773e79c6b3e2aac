/** A tag that a push set, and that was not reported yet; `pushes.ts` says what reporting is. */
export interface UntoldTag {
  readonly id: number;
  readonly push_id: number;
  readonly tag: string;
  readonly image_id: string;
  /** the image of the tag when it was reported last */
  readonly last_told: string | null;
  /** its push has given no sign of life for long */
  readonly is_abandoned: boolean;
}

/** The end of a push. */
export interface Ending {
  /** the push that it ends */
  readonly ended: number | undefined;
  /** the caller's pushes that have set all their tags */
  readonly through: ReadonlySet<number>;
}

/** The sets of tags that are reported, and those that will never be, both in the order in which the tags were set. */
export interface Tellings {
  readonly told: readonly UntoldTag[];
  readonly dropped: readonly UntoldTag[];
}

/**
 * Groups of sets to the same image that directly follow each other: parallel pushes of the image, or one push tried
 * again.
 */
function runsOf(sets: readonly UntoldTag[]): UntoldTag[][] {
  const runs: UntoldTag[][] = [];
  for (const set of sets) {
    const last = runs.at(-1);
    if (last?.[0]?.image_id === set.image_id) last.push(set);
    else runs.push([set]);
  }
  return runs;
}

/** @param sets - the sets of one tag, in their order */
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
 * The sets of tags that an end reports. Each set of a tag is reported once, and a tag's sets in their order:
 *
 *   - the sets of the ended push;
 *   - the sets of other pushes that have set all their tags, if the tag was last reported with another image;
 *   - before these, all earlier sets of the same tag. But of sets to the same image that directly follow each other,
 *     only the ones above are reported, and the others wait for the end of their own push, because there may be as many
 *     ends as there were pushes. If there are fewer, it was one push tried again.
 *
 * @param untold - the sets of the repository that were not reported, in the order in which the tags were set
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
