import path from 'node:path';
import type { BlobStore } from './blobs/blob-store';
import { FilesystemBlobStore } from './blobs/filesystem';
import { markOfBucket, markOfDirectory, type Place, type Places } from './blobs/place';
import { Bucket } from './blobs/s3/bucket';
import { explain } from './blobs/s3/errors';
import { S3BlobStore } from './blobs/s3/s3-blob-store';
import { formatStorageLocation, type StorageLocation } from './blobs/storage-location';
import { TwoPlaces } from './blobs/two-places';
import type { Config } from './config';
import type { Db } from './platform/db/db';

/** The blob store that a configuration describes. */
export interface OpenPlaces {
  readonly places: Places;
  /** on all places */
  readonly blobs: BlobStore;
}

/** @throws Error with a sentence when the bucket cannot be used */
async function openBucket(config: Config, location: StorageLocation & { kind: 'bucket' }): Promise<Bucket> {
  const { DRYDOCK_S3_ENDPOINT: endpoint } = config;
  const bucket = await Bucket.open({
    bucket: location.bucket,
    prefix: location.prefix,
    endpoint,
    region: config.DRYDOCK_S3_REGION,
    isPathStyle: config.DRYDOCK_S3_PATH_STYLE,
    encryption: config.DRYDOCK_S3_SSE,
  });
  try {
    await bucket.reach();
    return bucket;
  } catch (error) {
    bucket.close();
    const where = endpoint === undefined ? '' : ` at ${endpoint}`;
    throw new Error(`The bucket ${location.bucket}${where} cannot be used: ${explain(error)}.`, { cause: error });
  }
}

async function openPlace(config: Config, location: StorageLocation, filesDir: string, db: Db): Promise<Place> {
  const text = formatStorageLocation(location, filesDir);
  if (location.kind === 'files') {
    const root = location.directory ?? filesDir;
    return { location: text, store: new FilesystemBlobStore(root), mark: markOfDirectory(root) };
  }
  const bucket = await openBucket(config, location);
  return { location: text, store: new S3BlobStore(bucket, db), mark: markOfBucket(bucket) };
}

/**
 * Opens the places of the blobs.
 *
 * @param dataDir - absolute
 * @throws Error with a sentence when a bucket cannot be used
 */
export async function openPlaces(config: Config, dataDir: string, db: Db): Promise<OpenPlaces> {
  const { DRYDOCK_STORAGE: storage, DRYDOCK_STORAGE_ALSO: also } = config;
  const filesDir = path.join(dataDir, 'blobs');
  const current = await openPlace(config, storage, filesDir, db);
  const other = also && (await openPlace(config, also, filesDir, db));
  const blobs = other === undefined ? current.store : new TwoPlaces(current.store, other.store);
  return { places: { current, other }, blobs };
}
