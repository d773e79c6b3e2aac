import { randomBytes } from 'node:crypto';

/*
 * The storage tree. The digest is spread over 256 folders so that none of them grows too large; the generation makes
 * every write a new object.
 *
 *   uploads/<32 hex>                                  bytes that are still arriving
 *   resumable/<32 hex>/bytes-<n>                      bytes that come in pieces (see `write-turns.ts`)
 *   sha256/<first 2 hex>/<64 hex>-<generation>        complete bytes under their digest
 *   blobs/<2 hex>/<30 hex>                            complete bytes that came from a bucket, under its key
 *   quarantine/<64 hex>-<generation>                  bytes that are not what their name says; for a person to look at
 */

/** The folder of the bytes that are still arriving. */
export const UPLOADS = 'uploads';

/** The folder of the writes that come in pieces, with a folder for each. */
export const RESUMABLE = 'resumable';

/** The folder of the complete bytes. */
const COMPLETE = 'sha256';

/** The folder of the complete bytes of a bucket. */
export const OF_BUCKETS = 'blobs';

/** What all keys of blobs begin with, in any store: a blob that is copied to another store keeps its key. */
export const KEY_ROOTS: readonly string[] = [`${COMPLETE}/`, `${OF_BUCKETS}/`];

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * The folders of all keys of blobs, in any store. About as many blobs are in each folder of a root, so that a long listing
 * can go on after the folder that was listed last.
 */
export const BLOB_FOLDERS: readonly string[] = KEY_ROOTS.flatMap((root) => BYTES.map((byte) => `${root}${byte}/`));

/** The folder of the damaged bytes. */
export const QUARANTINE = 'quarantine';

/** The path to which damaged bytes are moved. */
export function quarantineKeyOf(blobKey: string): string {
  return `${QUARANTINE}/${blobKey.slice(blobKey.lastIndexOf('/') + 1)}`;
}

/** A new name under which bytes may arrive. */
export function newUploadKey(): string {
  return `${UPLOADS}/${randomBytes(16).toString('hex')}`;
}

/** A new path for complete bytes with this digest (64 lower hex). */
export function newBlobKey(sha256Hex: string): string {
  return `${COMPLETE}/${sha256Hex.slice(0, 2)}/${sha256Hex}-${randomBytes(4).toString('hex')}`;
}
