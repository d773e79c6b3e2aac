/**
 * Says whether something that was thrown is a system error with one of these codes. Not by `instanceof`: under Jest the
 * system's errors come from another realm.
 */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.some((code) => code === error.code);
}
