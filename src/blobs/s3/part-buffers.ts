/** S3 takes up to 10,000 parts of at least 5 MiB. Measured sizes matter little; with 8 MiB a blob may have 78 GiB. */
export const PART_BYTES = 8 * 1024 * 1024;

const KEPT = 8;

const free: Buffer[] = [];

/** Reused memory that threads share. The system gives it only as far as it is filled: a small blob costs little. */
export function takePart(): Buffer {
  return free.pop() ?? Buffer.from(new SharedArrayBuffer(PART_BYTES));
}

/** Returns memory from `takePart` for reuse, once nothing reads it. */
export function giveBackPart(part: Buffer): void {
  if (free.length < KEPT) free.push(part);
}

/** How many parts of all writes of this process may be on their way to the store while the next ones are filled. */
const EXTRA_PARTS = 5;

let extra = 0;

/**
 * Lets a write fill another part while this one is sent. Otherwise it waits until its own parts are sent: so each write
 * goes on with one part, however many there are, and never waits for another write.
 *
 * @returns false when all writes together have too many; true: call `endExtraPart` at the end
 */
export function beginExtraPart(): boolean {
  if (extra === EXTRA_PARTS) return false;
  extra += 1;
  return true;
}

/** The part is sent. */
export function endExtraPart(): void {
  extra -= 1;
}
