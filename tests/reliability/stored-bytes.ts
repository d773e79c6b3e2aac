import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Db } from '../../src/platform/db/db';

/**
 * Checks that no row lacks its bytes: every blob in the database exists and matches its digest.
 *
 * @returns the number of blobs
 */
export async function expectBytesForEveryRow(db: Db, blobDir: string): Promise<number> {
  const blobs = await db<{ digest: string; storage_key: string }>('blobs').select('digest', 'storage_key');
  for (const { digest, storage_key: key } of blobs) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path.join(blobDir, key)), hash);
    expect(`sha256:${hash.digest('hex')}`).toBe(digest);
  }
  return blobs.length;
}
