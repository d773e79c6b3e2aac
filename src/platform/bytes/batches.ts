/** Measured: fewer bytes need more calls, more fall out of the processor's cache. */
export const BATCH_BYTES = 1024 * 1024;

const KEPT = 32;

const free: Buffer[] = [];

/** Full batches whose reader may keep their memory. */
const offered = new WeakSet<Buffer>();

/** Reused memory that threads share: allocating it from the system costs as much as the copy. */
export function takeBatch(): Buffer {
  return free.pop() ?? Buffer.from(new SharedArrayBuffer(BATCH_BYTES));
}

/** Returns a batch from `takeBatch` for reuse, once nothing reads it. */
export function giveBackBatch(batch: Buffer): void {
  if (free.length < KEPT) free.push(batch);
}

/** Lets the reader of a full batch keep its memory instead of copying it. */
export function offerBatch(batch: Buffer): void {
  offered.add(batch);
}

/** Takes an offered batch over, or takes back one that nobody took. @returns whether it belongs to the caller now */
export function claimBatch(bytes: Buffer): boolean {
  return offered.delete(bytes);
}
