import { randomBytes } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Context } from '../../src/context';
import { checksWhatItIsSent } from '../../src/blobs/s3/checksums';
import { keepBlob } from '../../src/features/storage/blobs';
import { scrub, type Scrubbed } from '../../src/features/storage/scrub';
import { startCheckingStore, type CheckingStore } from '../helpers/checking-store';
import { startFaultyStore, type FaultyStore } from '../helpers/faulty-store';
import { describeInstalled } from '../helpers/installed';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { createS3Store, type S3TestStore } from '../helpers/s3-store';
import { createTestContext } from '../helpers/test-context';
import { chunksOf, digestOf } from './streams';

const LARGE = 9_000_000;

/** Between the store and radosgw is always a proxy that counts; in front of it, for some tests, one that checks. */
describeInstalled(isS3Installed(), 'the checksums of a store', () => {
  let s3: S3Server;
  let counting: FaultyStore;
  let checking: CheckingStore;
  let opened: S3TestStore;
  let ctx: Context;
  beforeAll(async () => {
    s3 = await startS3Server();
  });
  afterAll(() => s3.close());
  beforeEach(async () => {
    counting = await startFaultyStore(s3.endpoint);
    checking = await startCheckingStore(counting.endpoint);
  });
  afterEach(async () => {
    await opened.close();
    await checking.close();
    await counting.close();
  });

  async function open(endpoint: string): Promise<void> {
    opened = await createS3Store(s3, { endpoint });
    opened.bucket.hasChecksums = await checksWhatItIsSent(opened.bucket);
    ctx = createTestContext(opened.database.db, { blobs: opened.store });
  }

  async function keep(bytes: Buffer): Promise<string> {
    const blob = await opened.store.write(chunksOf(bytes));
    await keepBlob(ctx, blob, () => Promise.resolve());
    return blob.key;
  }

  const scrubAll = (readShare?: number): Promise<Scrubbed> =>
    scrub(ctx, { olderThanMs: 0, bytesPerSecond: undefined, ...(readShare !== undefined && { readShare }) });

  const reads = (): number => counting.requests.filter(({ operation }) => operation === 'GetObject').length;

  /** Other bytes of the same length, behind the back of the store. */
  async function damage(key: string, sizeBytes: number): Promise<void> {
    const object = { Bucket: opened.name, Key: key, Body: randomBytes(sizeBytes) };
    await opened.client.send(new PutObjectCommand(object));
  }

  it('are not trusted if the store accepts a wrong one: all bytes are read (R360)', async () => {
    await open(counting.endpoint);
    expect(opened.bucket.hasChecksums).toBe(false);
    const keys = [await keep(randomBytes(1000)), await keep(randomBytes(LARGE))];
    expect(await scrubAll(0)).toEqual({ layers: 2, bytes: 1000 + LARGE, damaged: [], restored: [] });
    expect(reads()).toBe(2);
    await damage(keys[0] ?? '', 1000);
    expect((await scrubAll(0)).damaged).toMatchObject([{ damage: 'wrong bytes' }]);
  });

  it('are trusted if it refuses a wrong one: only what came in parts is read, and a share (R361)', async () => {
    await open(checking.endpoint);
    expect(opened.bucket.hasChecksums).toBe(true);
    const small = randomBytes(1000);
    const keys = [await keep(small), await keep(Buffer.alloc(0)), await keep(randomBytes(3_000_000))];
    const inParts = await keep(randomBytes(LARGE));
    const { resumable } = opened.store;
    const inPieces = randomBytes(2000);
    const id = await resumable.start();
    await resumable.append(id, 0, chunksOf(inPieces.subarray(0, 500)));
    const blob = await resumable.finish(id, 500, chunksOf(inPieces.subarray(500)), digestOf(inPieces));
    await keepBlob(ctx, blob, () => Promise.resolve());

    expect(await opened.store.checkedDigest(keys[0] ?? '', 1000)).toBe(digestOf(small));
    expect(await opened.store.checkedDigest(keys[0] ?? '', 999)).toBeUndefined();
    expect(await opened.store.checkedDigest(inParts, LARGE)).toBeUndefined();
    expect(await opened.store.checkedDigest('blobs/ab/none', 1)).toBeUndefined();

    const before = reads();
    const bytes = 1000 + 3_000_000 + LARGE + 2000;
    expect(await scrubAll(0)).toEqual({ layers: 5, bytes, vouched: 4, damaged: [], restored: [] });
    expect(reads() - before).toBe(1);
    expect(await ctx.db('blobs').whereNull('verified_at')).toEqual([]);

    await damage(inParts, LARGE);
    await damage(keys[2] ?? '', 3_000_000);
    expect((await scrubAll(0)).damaged).toMatchObject([{ damage: 'wrong bytes' }]);
    expect((await scrubAll(1)).damaged).toMatchObject([{ damage: 'wrong bytes' }, { damage: 'wrong bytes' }]);
  });

  it('of a layer that is gone say nothing, and neither do those of other bytes', async () => {
    await open(checking.endpoint);
    const [gone, other] = [await keep(randomBytes(1000)), await keep(randomBytes(1000))];
    await opened.bucket.delete([gone]);
    await opened.bucket.delete([other]);
    await opened.bucket.put(other, randomBytes(1000), {});
    const { damaged, vouched } = await scrubAll(0);
    expect(damaged.map(({ damage }) => damage).sort()).toEqual(['missing', 'wrong bytes']);
    expect(vouched).toBeUndefined();
  });

  it('are refused by the store if bytes change on their way, and the write fails', async () => {
    await open(checking.endpoint);
    const wrong = digestOf(Buffer.from('others')).slice(7);
    await expect(opened.bucket.put('blobs/ab/cd', Buffer.from('bytes'), { sha256: wrong })).rejects.toThrow();
    expect(await opened.bucket.size('blobs/ab/cd')).toBeUndefined();
  });
});
