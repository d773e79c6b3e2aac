/*
 * Figures are taken in alternating rounds (ours, peer, ours, peer, …), so that other load on the machine affects both
 * alike, and compared by their medians.
 */

/** One of the servers that are compared in the rounds. */
export interface Contender {
  readonly name: string;
  /** Takes one figure. */
  readonly measure: () => Promise<number>;
}

export type Goal =
  | {
      readonly atLeast: number;
      /** the worst round counts, instead of the median */
      readonly inEachRound?: boolean;
    }
  | { readonly atMost: number };

/** A line of the table. */
export interface Line {
  readonly what: string;
  /** undefined: shown for information */
  readonly goal: Goal | undefined;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  readonly ratio: number;
  /** of the single rounds' ratios */
  readonly spread: readonly [lowest: number, highest: number];
  readonly peerName: string;
}

/** A line that could not be measured. */
export interface Skipped {
  readonly what: string;
  readonly skipped: string;
}

/** @param fraction - 0.5 is the median */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? low;
  return low + (high - low) * (position - Math.floor(position));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * Takes one figure of each contender per round; the order alternates, because the first of a round may find the machine
 * in a different state from the last.
 *
 * @param isWarmedUp - each contender gets a round before that does not count, so that servers run as they do all day
 */
export async function measureRounds(
  contenders: readonly Contender[],
  rounds: number,
  progress: (line: string) => void,
  isWarmedUp = false,
): Promise<Map<string, number[]>> {
  const figures = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (const { name, measure } of isWarmedUp ? contenders : []) {
    progress(`before the rounds: ${name} ${formatFigure(await measure())}`);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, measure } of round % 2 === 0 ? contenders : [...contenders].reverse()) {
      const figure = await measure();
      figures.get(name)?.push(figure);
      progress(`round ${round + 1} of ${rounds}: ${name} ${formatFigure(figure)}`);
    }
  }
  return figures;
}

/** Compares two contenders of the same rounds. */
export function compare(
  figures: ReadonlyMap<string, readonly number[]>,
  line: { what: string; goal?: Goal; unit: string; ours: string; peer: string; peerName?: string },
): Line {
  const ours = figures.get(line.ours) ?? [];
  const peer = figures.get(line.peer) ?? [];
  const ratios = ours.map((figure, round) => figure / (peer[round] ?? Number.NaN));
  return {
    what: line.what,
    goal: line.goal,
    unit: line.unit,
    ours: median(ours),
    peer: median(peer),
    ratio: median(ours) / median(peer),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    peerName: line.peerName ?? line.peer,
  };
}

/** Undefined when there is no goal. */
export function isMet({ goal, ratio, spread }: Line): boolean | undefined {
  if (goal === undefined) return undefined;
  if ('atMost' in goal) return ratio <= goal.atMost;
  return (goal.inEachRound === true ? spread[0] : ratio) >= goal.atLeast;
}

/** Three significant digits, or whole numbers. */
export function formatFigure(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(3)).toString();
}
