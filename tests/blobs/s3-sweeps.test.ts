import { randomBytes } from 'node:crypto';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Context } from '../../src/context';
import { KEY_ROOTS } from '../../src/blobs/paths';
import { keepBlob } from '../../src/features/storage/blobs';
import { compareStorage } from '../../src/features/storage/comparison';
import { deleteBytes } from '../../src/features/storage/deletions';
import { freeUnreferenced, keysOf } from '../../src/features/storage/garbage';
import { sweep } from '../../src/jobs';
import { startFaultyStore, type FaultyStore, type Operation } from '../helpers/faulty-store';
import { describeInstalled } from '../helpers/installed';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { createS3Store, type S3TestStore } from '../helpers/s3-store';
import { createTestContext } from '../helpers/test-context';
import { chunksOf } from './streams';

const HOUR_MS = 3_600_000;
const AGES = { deadAfterMs: -60_000, abandonedAfterMs: -60_000 };

/** What crashes leave in a bucket of a hub, and what it costs to remove it. */
describeInstalled(isS3Installed(), 'the hourly sweep of a bucket', () => {
  let s3: S3Server;
  let proxy: FaultyStore;
  let opened: S3TestStore;
  let ctx: Context;
  beforeAll(async () => {
    s3 = await startS3Server();
  });
  afterAll(() => s3.close());
  beforeEach(async () => {
    proxy = await startFaultyStore(s3.endpoint);
    opened = await createS3Store(s3, { prefix: 'hub/', endpoint: proxy.endpoint });
    ctx = createTestContext(opened.database.db, { blobs: opened.store });
  });
  afterEach(async () => {
    await opened.close();
    await proxy.close();
  });

  async function keep(bytes = randomBytes(1000)): Promise<string> {
    const blob = await opened.store.write(chunksOf(bytes));
    await keepBlob(ctx, blob, () => Promise.resolve());
    return blob.key;
  }

  async function free(): Promise<string[]> {
    await ctx.db('blobs').update({ referenced_at: new Date(0) });
    const digests: string[] = await ctx.db('blobs').pluck('digest');
    return keysOf(await ctx.db.transaction((tx) => freeUnreferenced(ctx, tx, HOUR_MS, digests)));
  }

  async function remains(): Promise<{ objects: string[]; uploads: number }> {
    const { client, name: Bucket } = opened;
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    return { objects: Contents.map(({ Key = '' }) => Key.replace('hub/', '')).sort(), uploads: Uploads.length };
  }

  /** The requests that `work` sends. */
  async function requestsOf(work: () => Promise<unknown>): Promise<Partial<Record<Operation, number>>> {
    const before = proxy.requests.length;
    await work();
    const counts: Partial<Record<Operation, number>> = {};
    for (const { operation } of proxy.requests.slice(before)) counts[operation] = (counts[operation] ?? 0) + 1;
    return counts;
  }

  /** A write of a process that died: its upload began, and a part arrived. */
  async function dieInAWrite(): Promise<void> {
    const stop = proxy.inject('CompleteMultipartUpload', { kind: 'status', status: 400, code: 'InvalidRequest' });
    const stopCleaning = proxy.inject(['AbortMultipartUpload', 'DeleteObjects'], {
      kind: 'status',
      status: 400,
      code: 'No',
    });
    await expect(opened.store.write(chunksOf(randomBytes(9_000_000)))).rejects.toThrow();
    stop();
    stopCleaning();
  }

  it('finds what crashes left without a listing, and deletes it in few requests', async () => {
    // Rows that are gone, whose bytes are not.
    for (let i = 0; i < 20; i += 1) await keep();
    await free();
    // Complete objects that never got a row.
    for (let i = 0; i < 20; i += 1) await opened.store.write(chunksOf(randomBytes(100)));
    await ctx.db('pending_writes').update({ touched_at: new Date(Date.now() - 100 * HOUR_MS) });
    const kept = await keep();
    await dieInAWrite();
    const abandoned = await opened.store.resumable.start();
    await opened.store.resumable.append(abandoned, 0, chunksOf(randomBytes(9_000_000)));
    expect(await remains()).toMatchObject({ objects: { length: 42 }, uploads: 2 });

    const requests = await requestsOf(() => sweep(ctx, 72 * HOUR_MS, AGES));
    expect(requests).toEqual({ DeleteObjects: 4, AbortMultipartUpload: 2 });
    expect(await remains()).toEqual({ objects: [kept], uploads: 0 });
    expect(await requestsOf(() => sweep(ctx, 72 * HOUR_MS, AGES))).toEqual({});
  });

  it('spares what may get its row still, and forgets what has it', async () => {
    const keys = [await keep(), (await opened.store.write(chunksOf(randomBytes(100)))).key];
    expect(await requestsOf(() => sweep(ctx, HOUR_MS))).toEqual({});
    expect((await remains()).objects).toEqual(keys.toSorted());
    await ctx.db('pending_writes').update({ touched_at: new Date(Date.now() - 2 * HOUR_MS) });
    expect(await requestsOf(() => sweep(ctx, HOUR_MS))).toEqual({ DeleteObjects: 1 });
    expect([(await remains()).objects, await ctx.db('pending_writes')]).toEqual([keys.slice(0, 1), []]);
  });

  it('is not needed for what gc frees: one request deletes a thousand objects', async () => {
    for (let i = 0; i < 30; i += 1) await keep();
    expect(await requestsOf(async () => deleteBytes(ctx, await free()))).toEqual({ DeleteObjects: 1 });
    expect(await remains()).toEqual({ objects: [], uploads: 0 });
  });

  it('does not replace the comparison of all objects, which asks for each folder once', async () => {
    const [kept, lost] = [await keep(), await keep()];
    await opened.bucket.delete([lost]);
    await opened.bucket.put('blobs/ab/nobody-knows', randomBytes(10));
    await dieInAWrite(); // its object is not there, and its row is that of a write
    const [orphanKeys, options] = [['blobs/ab/nobody-knows'], { olderThanMs: -HOUR_MS, isApplied: true }];
    let found: unknown;
    const { ListObjects, ...others } = await requestsOf(async () => (found = await compareStorage(ctx, options)));
    expect(found).toMatchObject({ objects: 2, rows: 2, orphans: 1, deleted: 1, orphanKeys, broken: 1 });
    // Nothing is in the folders of the other root. An object that is missing is one in a bucket that must be there.
    expect(ListObjects).toBe(256 + KEY_ROOTS.length + 2);
    expect(others).toEqual({ DeleteObjects: 1, HeadObject: 2 });
    expect((await remains()).objects).toEqual([kept]);
  });
});
