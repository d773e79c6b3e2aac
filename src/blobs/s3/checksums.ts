import { createHash } from 'node:crypto';
import type { Bucket } from './bucket';

/** Below the prefix of the store; all processes share it. */
const KEY = 'checksum-probe';

const BYTES = Buffer.from('Does this store check what it is sent?\n');

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Whether a store refuses bytes that do not match the sha256 that comes with them, and keeps the sha256 of those that do.
 * radosgw, for one, accepts a wrong one. A store that does not answer counts as one that does not.
 */
export async function checksWhatItIsSent(bucket: Bucket): Promise<boolean> {
  try {
    const wrong = sha256Of(Buffer.from('other bytes'));
    const isAccepted = await bucket.put(KEY, BYTES, { sha256: wrong }).then(
      () => true,
      () => false,
    );
    if (isAccepted) return false;
    await bucket.put(KEY, BYTES, { sha256: sha256Of(BYTES) });
    return (await bucket.sha256Of(KEY, BYTES.length)) === sha256Of(BYTES);
  } catch {
    return false;
  }
}
