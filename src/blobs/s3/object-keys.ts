import { randomBytes } from 'node:crypto';

/*
 * The objects of a store. A key is final from the first byte, because S3 has no rename, and new for each write:
 *
 *   blobs/<2 hex>/<30 hex>    random
 *   quarantine/<32 hex>       bytes that are not what their row says; for a person to look at
 */

/** Begins the keys of all blobs, and of what may become one. */
export const BLOBS = 'blobs/';

/** Begins the keys of damaged bytes. */
export const QUARANTINE = 'quarantine/';

/** A new key for an object. */
export function newObjectKey(): string {
  const name = randomBytes(16).toString('hex');
  return `${BLOBS}${name.slice(0, 2)}/${name.slice(2)}`;
}

/** Where damaged bytes go. */
export function quarantineKeyOf(key: string): string {
  return QUARANTINE + key.slice(BLOBS.length).replaceAll('/', '');
}
