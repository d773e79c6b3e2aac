import type { BlobReferrer } from './context';
import { IMAGE_BLOB_REFERRERS } from './features/images/blob-referrers';

/**
 * Who points to blobs: what none of these needs is freed. A foreign key to `blobs` without an entry here keeps its blobs
 * all the same, but stops gc; a test holds this list against the foreign keys.
 */
export const BLOB_REFERRERS: readonly BlobReferrer[] = [...IMAGE_BLOB_REFERRERS];
