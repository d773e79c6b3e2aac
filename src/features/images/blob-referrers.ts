import type { BlobReferrer } from '../../context';
import * as store from './blob-referrers.store';

/** What points to blobs in this feature: contents to their layers, and uploads to the layers that have arrived. */
export const IMAGE_BLOB_REFERRERS: readonly BlobReferrer[] = [
  {
    column: 'image_contents.layer_digest',
    isReferencedSql: (digest) => `exists (select 1 from image_contents c where c.layer_digest = ${digest})`,
    // A derived image may have a copy of a layer in gzip, which nobody pushed.
    ofNamespaceSql: (namespace) => `select c.layer_digest from repositories r
      join repository_images i on i.repository_id = r.id join image_contents c on c.id = i.content_id
      where r.namespace = ${namespace} and (c.payload_checksum is not null
        or not exists (select from blobs o where o.twin_digest = c.layer_digest))`,
    listHolders: async (db, digest) => {
      const rows = await store.listHolders(db, digest);
      return rows.map(({ namespace, name, image_ids: imageIds, tags }) => ({ namespace, name, imageIds, tags }));
    },
  },
  {
    column: 'uploads.layer_digest',
    isReferencedSql: (digest) => `exists (select 1 from uploads x where x.layer_digest = ${digest})`,
    ofNamespaceSql: (namespace) => `select x.layer_digest from repositories r
      join uploads x on x.repository_id = r.id where r.namespace = ${namespace}`,
    listHolders: () => Promise.resolve([]),
  },
];
