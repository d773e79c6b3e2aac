import { randomBytes } from 'node:crypto';
import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { Bucket } from '../../src/blobs/s3/bucket';
import { S3BlobStore } from '../../src/blobs/s3/s3-blob-store';
import { query } from '../../src/platform/db/query';
import { startFaultyStore, type Fault, type FaultyStore, type Operation } from '../helpers/faulty-store';
import { describeInstalled } from '../helpers/installed';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';
import { chunksOf, collect, digestOf, failingAfter } from './streams';

const REGION = 'us-east-1';

/** One request, and three parts. */
const SHORT = randomBytes(1000);
const LONG = randomBytes(20_000_000);

describeInstalled(isS3Installed(), 'a bucket that fails', () => {
  let s3: S3Server;
  let faulty: FaultyStore;
  let direct: S3Client;
  let database: TestDatabase;
  let name: string;
  let bucket: Bucket;
  let store: S3BlobStore;
  beforeAll(async () => {
    s3 = await startS3Server();
    const { endpoint, credentials } = s3;
    direct = new S3Client({ region: REGION, endpoint, credentials, forcePathStyle: true });
  });
  afterAll(async () => {
    direct.destroy();
    await s3.close();
  });
  beforeEach(async () => {
    faulty = await startFaultyStore(s3.endpoint);
    database = await createTestDatabase();
    name = await s3.createBucket();
    const place = { bucket: name, prefix: '', endpoint: faulty.endpoint, region: REGION, credentials: s3.credentials };
    bucket = await Bucket.open({ ...place, isPathStyle: true, encryption: undefined });
    store = new S3BlobStore(bucket, database.db);
  });
  afterEach(async () => {
    bucket.close();
    await faulty.close();
    await database.drop();
  });

  /** What is in the bucket and in the rows of unfinished writes, whatever the store says of it. */
  async function remains(): Promise<{ objects: number; uploads: number; rows: number }> {
    const { Contents = [] } = await direct.send(new ListObjectsV2Command({ Bucket: name }));
    const { Uploads = [] } = await direct.send(new ListMultipartUploadsCommand({ Bucket: name }));
    const rows = await query(database.db, 'select from pending_writes where not is_written');
    return { objects: Contents.length, uploads: Uploads.length, rows: rows.length };
  }
  const NOTHING = { objects: 0, uploads: 0, rows: 0 };

  async function expectStored(bytes: Buffer): Promise<void> {
    const { key, digest } = await store.write(chunksOf(bytes));
    expect(digest).toBe(digestOf(bytes));
    expect((await collect(await store.read(key, undefined, bytes.length))).equals(bytes)).toBe(true);
  }

  const BUSY: Fault = { kind: 'status', status: 503, code: 'SlowDown' };
  const BROKEN: Fault = { kind: 'status', status: 500, code: 'InternalError' };
  const CUT_AT_ONCE: Fault = { kind: 'cut request' };
  const CUT_REQUEST: Fault = { kind: 'cut request', afterBytes: 200_000 };
  const CUT_ANSWER: Fault = { kind: 'cut answer' };

  const ONCE: [Operation, Fault, Buffer][] = [
    ...[BUSY, BROKEN, CUT_AT_ONCE, CUT_ANSWER].flatMap((fault): [Operation, Fault, Buffer][] => [
      ['PutObject', fault, SHORT],
      ['HeadObject', fault, SHORT],
      ['CreateMultipartUpload', fault, LONG],
      ['UploadPart', fault, LONG],
      ['CompleteMultipartUpload', fault, LONG],
    ]),
    ['UploadPart', CUT_REQUEST, LONG],
    ['UploadPart', { kind: 'slow', ms: 1500 }, LONG],
  ];
  it.each(ONCE)('stores all bytes although %s meets %j twice', async (operation, fault, bytes) => {
    faulty.inject(operation, fault, 2);
    await expectStored(bytes);
    expect((await remains()).rows).toBe(0);
  });

  it('takes an error in a successful answer for an error', async () => {
    const body = '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>once</Message></Error>';
    faulty.inject('CompleteMultipartUpload', { kind: 'rewritten', body: () => body }, 1);
    await expectStored(LONG);
  });

  it('ends the upload when its source breaks, and leaves it to a sweep when the bucket refuses', async () => {
    const error = new Error('the client is gone');
    await expect(store.write(failingAfter(LONG, error))).rejects.toBe(error);
    expect(await remains()).toEqual(NOTHING);
    const end = faulty.inject('AbortMultipartUpload', BUSY);
    await expect(store.write(failingAfter(LONG, error))).rejects.toBe(error);
    end();
    expect(await remains()).toEqual({ objects: 0, uploads: 1, rows: 1 });
    expect(await store.sweepUnfinished(-60_000)).toBe(1);
    expect(await remains()).toEqual(NOTHING);
  });
});
