import { createHash } from 'node:crypto';

/*
 * Pictures of accounts, drawn from their names: the same name always has the same picture, and no other host is asked
 * for one. Five columns of five cells, in which the right half mirrors the left.
 */

const SIDE = 5;
const HALF = 3;
const CELLS = HALF * SIDE;

/** Fewer cells than the first, or more than the second, look like a flaw. */
const [FEWEST, MOST] = [6, 10];

/** The number of colours, `series-1` and so on in the stylesheet. */
export const COLOURS = 12;

/** A picture. */
export interface Identicon {
  /** from 1 */
  readonly colour: number;
  /** for a `<path>`, in a square with sides of 5 */
  readonly path: string;
}

/** The cells of the left half, one bit each; the first pattern of the hash that is neither bare nor full. */
function patternOf(hash: Buffer): number {
  const patterns = Array.from({ length: hash.length - 2 }, (_, at) => hash.readUInt16BE(at + 1) % 2 ** CELLS);
  const isGood = (pattern: number): boolean => {
    const count = pattern.toString(2).replaceAll('0', '').length;
    return count >= FEWEST && count <= MOST;
  };
  return patterns.find(isGood) ?? patterns[0] ?? 0;
}

function isFilled(pattern: number, row: number, column: number): boolean {
  const mirrored = Math.min(column, SIDE - 1 - column);
  return Math.floor(pattern / 2 ** (row * HALF + mirrored)) % 2 === 1;
}

/** The filled cells of a row, those next to each other as one rectangle. */
function rowPath(pattern: number, row: number): string {
  const filled = Array.from({ length: SIDE }, (_, column) => (isFilled(pattern, row, column) ? '#' : '.')).join('');
  const runs = [...filled.matchAll(/#+/g)];
  return runs.map(({ 0: run, index }) => `M${index} ${row}h${run.length}v1h-${run.length}z`).join('');
}

/** The picture of an account. */
export function identicon(name: string): Identicon {
  const hash = createHash('sha256').update(name).digest();
  const pattern = patternOf(hash);
  const rows = Array.from({ length: SIDE }, (_, row) => rowPath(pattern, row));
  return { colour: ((hash[0] ?? 0) % COLOURS) + 1, path: rows.join('') };
}
