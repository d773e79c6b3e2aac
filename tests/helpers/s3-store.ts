import { S3Client } from '@aws-sdk/client-s3';
import { Bucket } from '../../src/blobs/s3/bucket';
import type { BucketOptions } from '../../src/blobs/s3/location';
import { S3BlobStore } from '../../src/blobs/s3/s3-blob-store';
import type { S3Server } from './s3-server';
import { createTestDatabase, type TestDatabase } from './test-database';

const REGION = 'us-east-1';

/** A store in a new bucket, with a new database. */
export interface S3TestStore {
  /** of the bucket */
  readonly name: string;
  readonly bucket: Bucket;
  readonly store: S3BlobStore;
  readonly database: TestDatabase;
  /** another store on the same bytes, as another process opens it */
  again(): S3BlobStore;
  /** speaks to the server directly */
  readonly client: S3Client;
  /** how many multipart uploads go on, or were left behind */
  uploads(): Promise<number>;
  close(): Promise<void>;
}

/** Creates one. @param options - what differs from a plain one, such as the endpoint of a proxy in front of the server */
export async function createS3Store(s3: S3Server, options: Partial<BucketOptions> = {}): Promise<S3TestStore> {
  const { endpoint, credentials } = s3;
  const database = await createTestDatabase();
  const name = await s3.createBucket();
  const place = { bucket: name, prefix: '', endpoint, region: REGION, credentials };
  const bucket = await Bucket.open({ ...place, isPathStyle: true, encryption: undefined, ...options });
  const client = new S3Client({ region: REGION, endpoint, credentials, forcePathStyle: true });
  const again = () => new S3BlobStore(bucket, database.db);
  return {
    name,
    bucket,
    store: again(),
    database,
    again,
    client,
    uploads: async () => (await s3.uploadsOf(name)).length,
    close: async () => {
      bucket.close();
      client.destroy();
      await database.drop();
    },
  };
}
