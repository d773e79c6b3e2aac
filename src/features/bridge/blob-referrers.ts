import type { BlobReferrer } from '../../context';

/** A layer keeps its twin in gzip, which no repository is charged for. */
export const BRIDGE_BLOB_REFERRERS: readonly BlobReferrer[] = [
  {
    column: 'blobs.twin_digest',
    isReferencedSql: (digest) => `exists (select 1 from blobs o where o.twin_digest = ${digest})`,
    ofNamespaceSql: () => 'select null::text where false',
    listHolders: () => Promise.resolve([]),
  },
];
