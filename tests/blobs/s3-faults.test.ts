import { randomBytes } from 'node:crypto';
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { BlobSizeError } from '../../src/blobs/blob-store';
import type { S3BlobStore } from '../../src/blobs/s3/s3-blob-store';
import { query } from '../../src/platform/db/query';
import {
  startFaultyStore,
  type Fault,
  type FaultyStore,
  type Operation,
  type StoreRequest,
} from '../helpers/faulty-store';
import { describeInstalled } from '../helpers/installed';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { createS3Store, type S3TestStore } from '../helpers/s3-store';
import { waitUntil } from '../helpers/wait-until';
import { chunksOf, collect, digestOf, failingAfter } from './streams';

/** One request, and three parts. */
const SHORT = randomBytes(1000);
const LONG = randomBytes(20_000_000);

describeInstalled(isS3Installed(), 'a bucket that fails', () => {
  let s3: S3Server;
  let faulty: FaultyStore;
  let opened: S3TestStore;
  let store: S3BlobStore;
  beforeAll(async () => {
    s3 = await startS3Server();
  });
  afterAll(() => s3.close());
  beforeEach(async () => {
    faulty = await startFaultyStore(s3.endpoint);
    opened = await createS3Store(s3, { endpoint: faulty.endpoint, silentMs: 1000 });
    ({ store } = opened);
  });
  afterEach(async () => {
    await opened.close();
    await faulty.close();
  });

  /** What is in the bucket and in the rows of unfinished writes, whatever the store says of it. */
  async function remains(): Promise<{ objects: number; uploads: number; rows: number }> {
    const { name, client, database } = opened;
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: name }));
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name }));
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
    ...[CUT_AT_ONCE, CUT_ANSWER].flatMap((fault): [Operation, Fault, Buffer][] => [
      ['PutObject', fault, SHORT],
      ['HeadObject', fault, SHORT],
      ['CreateMultipartUpload', fault, LONG],
      ['UploadPart', fault, LONG],
      ['CompleteMultipartUpload', fault, LONG],
    ]),
    ['UploadPart', BUSY, LONG],
    ['CompleteMultipartUpload', BROKEN, LONG],
    ['UploadPart', CUT_REQUEST, LONG],
    ['UploadPart', { kind: 'slow', ms: 1500 }, LONG],
  ];
  it.each(ONCE)('stores all bytes although %s meets %j twice (R290)', async (operation, fault, bytes) => {
    faulty.inject(operation, fault, 2);
    await expectStored(bytes);
    expect((await remains()).rows).toBe(0);
  });

  it('stores all bytes of several writes although each request is refused once (R290)', async () => {
    const refused = new Set<string>();
    const isFirst = ({ operation, url }: StoreRequest): boolean => {
      const { size } = refused;
      refused.add(`${operation} ${url}`);
      return refused.size > size;
    };
    faulty.inject(isFirst, BUSY);
    await Promise.all([LONG, SHORT, LONG, SHORT].map(expectStored));
    expect(refused.size).toBeGreaterThan(15);
    expect((await remains()).rows).toBe(0);
  });

  it('takes an error in a successful answer for an error', async () => {
    const body = '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>once</Message></Error>';
    faulty.inject('CompleteMultipartUpload', { kind: 'rewritten', body: () => body }, 1);
    await expectStored(LONG);
  });

  const ALWAYS: [Operation, Fault, Buffer][] = [
    ['PutObject', CUT_ANSWER, SHORT],
    ['HeadObject', BUSY, SHORT],
    ['CreateMultipartUpload', BROKEN, LONG],
    ['UploadPart', CUT_REQUEST, LONG],
    ['CompleteMultipartUpload', BUSY, LONG],
    ['HeadObject', CUT_AT_ONCE, LONG],
  ];
  it.each(ALWAYS)('fails and leaves nothing when %s always meets %j (R290)', async (operation, fault, bytes) => {
    faulty.inject(operation, fault);
    await expect(store.write(chunksOf(bytes))).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 5 });
    expect(await remains()).toEqual(NOTHING);
  });

  it('fails when the bucket goes down in the middle, and a sweep finds what is left', async () => {
    const bytes = (async function* () {
      yield* chunksOf(LONG);
      await waitUntil('a part', () => faulty.requests.some(({ operation }) => operation === 'UploadPart'));
      await faulty.goDown();
      yield* chunksOf(LONG);
    })();
    await expect(store.write(bytes)).rejects.toMatchObject({ code: 'unavailable' });
    await faulty.comeUp();
    expect(await remains()).toEqual({ objects: 0, uploads: 1, rows: 1 });
    expect(await store.sweepUnfinished(60_000)).toBe(0);
    expect(await store.sweepUnfinished(-60_000)).toBe(1);
    expect(await remains()).toEqual(NOTHING);
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

  it('fails when the store has another number of bytes than it was sent', async () => {
    faulty.inject('HeadObject', { kind: 'headers', headers: { 'content-length': '999' } });
    await expect(store.write(chunksOf(SHORT))).rejects.toThrow('the store has 999 bytes');
    expect(await remains()).toEqual(NOTHING);
  });

  it('gives up a store that is silent', async () => {
    faulty.inject(['PutObject', 'GetObject'], { kind: 'silent' });
    await expect(store.write(chunksOf(SHORT))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.read('blobs/ab/cd')).rejects.toMatchObject({ code: 'unavailable' });
  });

  describe('a read', () => {
    let key: string;
    beforeEach(async () => {
      ({ key } = await store.write(chunksOf(LONG)));
    });
    const readAll = async (): Promise<Buffer> => collect(await store.read(key, undefined, LONG.length));
    const replaceWith = async (bytes: Buffer): Promise<unknown> =>
      opened.client.send(new PutObjectCommand({ Bucket: opened.name, Key: key, Body: bytes }));

    it('continues where its connection broke, also in a range (R290)', async () => {
      faulty.inject('GetObject', { kind: 'cut body', afterBytes: 3_000_000 });
      expect((await readAll()).equals(LONG)).toBe(true);
      const part = await collect(await store.read(key, { start: 5, end: 9_000_004 }));
      expect(part.equals(LONG.subarray(5, 9_000_005))).toBe(true);
    });

    it.each([BUSY, CUT_AT_ONCE, CUT_ANSWER])('continues after %j', async (fault) => {
      faulty.inject('GetObject', { kind: 'cut body', afterBytes: 3_000_000 }, 1);
      faulty.inject('GetObject', fault, 2);
      expect((await readAll()).equals(LONG)).toBe(true);
    });

    it('continues when the store stalls', async () => {
      faulty.inject('GetObject', { kind: 'stalled body', afterBytes: 3_000_000 }, 1);
      expect((await readAll()).equals(LONG)).toBe(true);
    });

    it('ends with an error when the store is away for long', async () => {
      const stream = await store.read(key);
      await faulty.goDown();
      await expect(collect(stream)).rejects.toMatchObject({ code: 'unavailable' });
      await faulty.comeUp();
      expect((await readAll()).equals(LONG)).toBe(true);
    });

    it('never continues with other bytes (R290)', async () => {
      faulty.inject('GetObject', { kind: 'cut body', afterBytes: 3_000_000 });
      const stream = await store.read(key);
      await replaceWith(randomBytes(LONG.length));
      await expect(collect(stream)).rejects.toThrow();
    });

    it('fails before the first byte when the length has changed', async () => {
      await replaceWith(LONG.subarray(1));
      await expect(readAll()).rejects.toThrow(BlobSizeError);
      await expect(store.open(key, { start: 5, end: 9 }, LONG.length)).rejects.toThrow(BlobSizeError);
    });

    it('frees the connection when nobody wants the rest', async () => {
      const source = await store.open(key);
      await expect(source.copyTo(() => Promise.reject(new Error('enough')))).rejects.toThrow('enough');
      (await store.read(key)).destroy();
      await (await store.open(key)).close();
      await waitUntil('the end of all answers', () => faulty.answering === 0);
    });
  });

  it.each(['GetObject', 'HeadObject'] as const)(
    'never takes a bucket that is gone for a missing blob: %s',
    async (of) => {
      const { key } = await store.write(chunksOf(SHORT));
      await opened.client.send(new DeleteObjectCommand({ Bucket: opened.name, Key: key }));
      await opened.client.send(new DeleteBucketCommand({ Bucket: opened.name }));
      const asked = of === 'GetObject' ? store.read(key) : store.size(key);
      await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
    },
  );

  it('needs no listing to find what it wrote, or to delete it', async () => {
    const { key } = await store.write(chunksOf(SHORT));
    const listed = async (): Promise<string[]> => {
      const keys: string[] = [];
      for await (const blob of store.list()) keys.push(blob.key);
      return keys;
    };
    const empty = (body: string): string => body.replace(/<Contents>.*<\/Contents>/s, '');
    const end = faulty.inject('ListObjects', { kind: 'rewritten', body: empty });
    expect(await listed()).toEqual([]);
    expect(await store.sweepUnfinished(-60_000)).toBe(0);
    expect(await store.size(key)).toBe(SHORT.length);
    end();
    expect(await listed()).toEqual([key]);
    await store.delete([key]);
    expect(await remains()).toEqual(NOTHING);
  });

  it.each([10, 20, -20])('works with a clock that is wrong by %i minutes (R292)', async (minutes) => {
    const real = Date.now;
    jest.spyOn(Date, 'now').mockImplementation(() => real() + minutes * 60_000);
    try {
      await expectStored(SHORT);
      const [refused, repeated] = faulty.requests;
      if (Math.abs(minutes) > 15) expect([refused?.operation, repeated]).toEqual(['PutObject', refused]);
      await expectStored(LONG);
    } finally {
      jest.restoreAllMocks();
    }
  });

  it('that begins an upload twice, because the first answer was lost, has none in the end (R363)', async () => {
    faulty.inject('CreateMultipartUpload', CUT_ANSWER, 1);
    await expectStored(LONG);
    expect(await remains()).toEqual({ objects: 1, uploads: 0, rows: 0 });
  });

  describe('the check', () => {
    it('writes and reads once, however often programs ask', async () => {
      await Promise.all(Array.from({ length: 5 }, async () => store.check()));
      await store.check();
      expect(faulty.requests.map(({ operation }) => operation)).toEqual(['PutObject', 'GetObject']);
    });

    it.each([
      ['PutObject', 'written'],
      ['GetObject', 'read'],
    ] as const)('says what is wrong when %s is refused', async (operation, verb) => {
      faulty.inject(operation, { kind: 'status', status: 403, code: 'AccessDenied' });
      const message = `The bucket cannot be ${verb}: these credentials may not use the bucket`;
      await expect(store.check()).rejects.toThrow(message);
    });

    it('asks again after an outage that a request met', async () => {
      await store.check();
      await faulty.goDown();
      await expect(store.size('blobs/ab/cd')).rejects.toMatchObject({ code: 'unavailable' });
      const later = performance.now() + 6000;
      jest.spyOn(performance, 'now').mockReturnValue(later);
      await expect(store.check()).rejects.toThrow('nothing listens there');
      await faulty.comeUp();
      jest.spyOn(performance, 'now').mockReturnValue(later + 6000);
      await store.check();
      jest.restoreAllMocks();
    });
  });
});
