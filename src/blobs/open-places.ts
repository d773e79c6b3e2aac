import type { Db } from '../platform/db/db';
import type { BlobStore } from './blob-store';
import { FilesystemBlobStore } from './filesystem';
import { markOfBucket, markOfDirectory, type Place, type Places } from './place';
import { Bucket } from './s3/bucket';
import { checksWhatItIsSent } from './s3/checksums';
import { explain } from './s3/errors';
import type { BucketOptions } from './s3/location';
import { S3BlobStore } from './s3/s3-blob-store';
import { formatStorageLocation, type StorageLocation } from './storage-location';
import { TwoPlaces } from './two-places';

/** Where the places are, and how to reach them. */
export interface PlaceSettings {
  readonly current: StorageLocation;
  readonly other: StorageLocation | undefined;
  /** the directory of `file:` */
  readonly filesDir: string;
  /** for a bucket */
  readonly access: Omit<BucketOptions, 'bucket' | 'prefix'>;
}

/** Open places, and the store on all of them. */
export interface OpenPlaces {
  readonly places: Places;
  readonly blobs: BlobStore;
}

async function openBucket(options: BucketOptions): Promise<Bucket> {
  const { bucket: name, endpoint } = options;
  const bucket = await Bucket.open(options);
  try {
    await bucket.reach();
    bucket.hasChecksums = await checksWhatItIsSent(bucket);
    return bucket;
  } catch (error) {
    bucket.close();
    const where = endpoint === undefined ? '' : ` at ${endpoint}`;
    throw new Error(`The bucket ${name}${where} cannot be used: ${explain(error)}.`, { cause: error });
  }
}

async function openPlace(at: StorageLocation, { filesDir, access }: PlaceSettings, db: Db): Promise<Place> {
  const location = formatStorageLocation(at, filesDir);
  if (at.kind === 'files') {
    const root = at.directory ?? filesDir;
    return { location, store: new FilesystemBlobStore(root), mark: markOfDirectory(root) };
  }
  const bucket = await openBucket({ ...access, bucket: at.bucket, prefix: at.prefix });
  return { location, store: new S3BlobStore(bucket, db), mark: markOfBucket(bucket) };
}

/**
 * Opens the places of the blobs.
 *
 * @throws Error with a sentence when a bucket cannot be used
 */
export async function openPlaces(settings: PlaceSettings, db: Db): Promise<OpenPlaces> {
  const current = await openPlace(settings.current, settings, db);
  const other = settings.other && (await openPlace(settings.other, settings, db));
  const blobs = other === undefined ? current.store : new TwoPlaces(current.store, other.store);
  return { places: { current, other }, blobs };
}
