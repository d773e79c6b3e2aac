import { randomBytes } from 'node:crypto';
import { Seeded } from '../helpers/seeded';

/* The usual run kills servers less often than `npm run test:soak`, so that it ends within half an hour. */

const given = process.env['CRASH_ROUNDS'];

/** `CRASH_SEED=…` repeats a run with the same data and the same moments. */
export const CRASH_SEED = process.env['CRASH_SEED'] ?? randomBytes(4).toString('hex');

/**
 * How often a test kills a server.
 *
 * @param usual - where `CRASH_ROUNDS` says nothing
 */
export function crashRounds(usual: number): number {
  return given === undefined ? usual : Number(given);
}

/** A random half of the cases, in their order; all of them where `CRASH_ROUNDS` is set. */
export function someOf<T>(cases: readonly T[]): T[] {
  if (given !== undefined) return [...cases];
  const seeded = new Seeded(CRASH_SEED);
  const byChance = cases
    .map((_, at) => ({ at, chance: seeded.share(`case ${at}`) }))
    .sort((a, b) => a.chance - b.chance);
  const chosen = new Set(byChance.slice(0, Math.ceil(cases.length / 2)).map(({ at }) => at));
  return cases.filter((_, at) => chosen.has(at));
}
