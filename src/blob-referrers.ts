import type { BlobReferrer } from './context';
import { BRIDGE_BLOB_REFERRERS } from './features/bridge/blob-referrers';
import { IMAGE_BLOB_REFERRERS } from './features/images/blob-referrers';
import { MANIFEST_BLOB_REFERRERS } from './features/manifests/blob-referrers';

/**
 * The columns that point to blobs: gc frees a blob that none of them needs. A foreign key to `blobs` without an entry here
 * keeps its blobs as well, but makes gc yield again and again; a test compares this list with the foreign keys.
 */
export const BLOB_REFERRERS: readonly BlobReferrer[] = [
  ...IMAGE_BLOB_REFERRERS,
  ...MANIFEST_BLOB_REFERRERS,
  ...BRIDGE_BLOB_REFERRERS,
];
