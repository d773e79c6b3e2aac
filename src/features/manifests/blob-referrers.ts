import type { BlobReferrer } from '../../context';
import * as store from './blob-referrers.store';

/** Manifests point to their configs and layers, and repositories to blobs that were pushed for manifests to come. */
export const MANIFEST_BLOB_REFERRERS: readonly BlobReferrer[] = [
  {
    column: 'manifest_blobs.digest',
    isReferencedSql: (digest) => `exists (select 1 from manifest_blobs x where x.digest = ${digest})`,
    // The manifests that Drydock created use what was pushed for others, and copies that nobody pushed.
    ofNamespaceSql: (namespace) => `select x.digest from repositories r
      join manifests m on m.repository_id = r.id join manifest_blobs x on x.manifest_id = m.id
      where r.namespace = ${namespace} and m.origin = 'pushed'`,
    listHolders: async (db, digest) => {
      const rows = await store.listHolders(db, digest);
      return rows.map(({ namespace, name, tags }) => ({ namespace, name, imageIds: [], tags }));
    },
  },
  {
    column: 'repository_blobs.digest',
    isReferencedSql: (digest) => `exists (select 1 from repository_blobs l where l.digest = ${digest})`,
    ofNamespaceSql: (namespace) => `select l.digest from repositories r
      join repository_blobs l on l.repository_id = r.id where r.namespace = ${namespace}`,
    listHolders: () => Promise.resolve([]),
  },
];
