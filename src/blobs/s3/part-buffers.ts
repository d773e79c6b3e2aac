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
