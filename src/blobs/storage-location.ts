import path from 'node:path';
import { parseLocation, type BucketLocation } from './s3/location';

/** Where a store is, as the configuration says it. */
export type StorageLocation =
  | {
      readonly kind: 'files';
      /** absolute; undefined: below the data directory */
      readonly directory: string | undefined;
    }
  | ({ readonly kind: 'bucket' } & BucketLocation);

const FILES = 'file:';

/**
 * Reads `s3://bucket/prefix`, `file:` or `file:/directory`.
 *
 * @returns undefined when it is none of these
 */
export function parseStorageLocation(text: string): StorageLocation | undefined {
  if (text === FILES) return { kind: 'files', directory: undefined };
  if (text.startsWith(`${FILES}/`)) return { kind: 'files', directory: path.resolve(text.slice(FILES.length)) };
  const bucket = parseLocation(text);
  return bucket && { kind: 'bucket', ...bucket };
}

/**
 * A location as text.
 *
 * @param filesDir - the directory of `file:`
 */
export function formatStorageLocation(location: StorageLocation, filesDir: string): string {
  if (location.kind === 'files') return FILES + (location.directory ?? filesDir);
  return `s3://${location.bucket}/${location.prefix}`.replace(/\/$/, '');
}
