import { randomBytes } from 'node:crypto';
import { OF_BUCKETS } from '../paths';

/*
 * The objects of a store. A key is final from the first byte, because S3 has no rename, and new for each write:
 *
 *   blobs/<2 hex>/<30 hex>              random
 *   sha256/<2 hex>/<64 hex>-<8 hex>     came from a filesystem, under its key
 *   quarantine/<name>                   bytes that are not what their row says; for a person to look at
 */

/** Begins the keys of damaged bytes. */
export const QUARANTINE = 'quarantine/';

/** A new key for an object. */
export function newObjectKey(): string {
  const name = randomBytes(16).toString('hex');
  return `${OF_BUCKETS}/${name.slice(0, 2)}/${name.slice(2)}`;
}

/** Where damaged bytes go. */
export function quarantineKeyOf(key: string): string {
  return QUARANTINE + key.slice(key.indexOf('/') + 1).replaceAll('/', '');
}
