/**
 * How often a test kills a server: a share of the kills in every run, all of them in `npm run test:soak`.
 *
 * @param usual - where `CRASH_ROUNDS` says nothing
 */
export function crashRounds(usual: number): number {
  const given = process.env['CRASH_ROUNDS'];
  return given === undefined ? usual : Number(given);
}
