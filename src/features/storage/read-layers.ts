import type { StoredBlob } from '../../blobs/stored-blob';
import { damageIn, type Compression } from '../../platform/bytes/compression';
import type { Db } from '../../platform/db/db';
import { enqueue } from '../../platform/jobs/queue';

/*
 * What is known of layers (bridge 8.3). For a layer in gzip or without compression everything is found out while it
 * arrives over v1. All others, and those that could not be unpacked fast enough, are unread: a job reads them.
 */

/** What clients of v2 must know of a layer. */
export interface LayerFacts {
  readonly compression: Compression;
  /** the digest of its uncompressed bytes; undefined: there is a problem */
  readonly diffId: string | undefined;
  /** why clients of v2 cannot get it */
  readonly problem: string | undefined;
}

/** The job that reads unread layers. */
export const DESCRIBE_LAYERS_JOB = 'describe_layers';

/** Whether some of today's clients, or engines of v1, cannot read the layer as it is, and need a copy in gzip. */
export function needsTwin(sizeBytes: number, compression: Compression): boolean {
  return sizeBytes === 0 || (compression !== 'none' && compression !== 'gzip');
}

/** What was found out about a layer while it arrived; undefined: the blob is not a layer of v1. */
export function factsOnArrival({ unpacked, sizeBytes }: StoredBlob): LayerFacts | 'unread' | undefined {
  if (unpacked === undefined) return undefined;
  const { compression, digest: diffId, isDamaged } = unpacked;
  if (needsTwin(sizeBytes, compression)) return 'unread';
  if (isDamaged) return { compression, diffId: undefined, problem: damageIn(compression) };
  return diffId === undefined ? 'unread' : { compression, diffId, problem: undefined };
}

/** Has unread layers read within seconds, in the transaction that records them. */
export async function queueReading(tx: Db): Promise<void> {
  await enqueue(tx, DESCRIBE_LAYERS_JOB, {}, { key: DESCRIBE_LAYERS_JOB });
}
