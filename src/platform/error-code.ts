/**
 * Whether a thrown value is a system error with one of these codes. It does not use `instanceof`, because under Jest
 * the system's errors come from another realm.
 */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.some((code) => code === error.code);
}

/** No room on the device, no quota left, or a file larger than this process may write. */
export function isDiskFull(error: unknown): boolean {
  return hasCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG');
}
