import { randomBytes } from 'node:crypto';
import { MemoryBlobStore } from '../../src/blobs/memory';
import type { Bucket } from '../../src/blobs/s3/bucket';
import type { SentPart } from '../../src/blobs/s3/objects';
import type { S3BlobStore } from '../../src/blobs/s3/s3-blob-store';
import { query } from '../../src/platform/db/query';
import type { S3Server } from '../helpers/s3-server';
import { createS3Store, type S3TestStore } from '../helpers/s3-store';
import type { TestDatabase } from '../helpers/test-database';
import { chunksOf, collect, digestOf } from './streams';

/* What crashes leave in a bucket, between any two steps. */

interface WriteRow {
  readonly key: string;
  readonly upload_id: string;
  readonly parts: readonly SentPart[];
  readonly tail_key: string;
  readonly tail_bytes: number;
}

/** Registers the tests; `s3` is there when they run. */
export function describeRemains(s3: () => S3Server): void {
  describe('what a crash leaves in a bucket', () => {
    let opened: S3TestStore;
    let database: TestDatabase;
    let bucket: Bucket;
    let store: S3BlobStore;
    beforeEach(async () => {
      opened = await createS3Store(s3());
      ({ database, bucket, store } = opened);
    });
    afterEach(() => opened.close());

    const uploads = (): Promise<number> => opened.uploads();

    /** A write with a part and a tail. */
    async function begun(whole: Buffer): Promise<{ id: string; row: WriteRow }> {
      const id = await store.resumable.start();
      await store.resumable.append(id, 0, chunksOf(whole));
      const [row] = await query<WriteRow & { id: string }>(database.db, 'select * from resumable_writes');
      if (row === undefined) throw new Error('there is no row');
      return { id, row };
    }

    /** The first step of a commit, after which the process dies. */
    async function join({
      key,
      upload_id: uploadId,
      parts,
      tail_key: from,
      tail_bytes: size,
    }: WriteRow): Promise<void> {
      const number = parts.length + 1;
      const tail = await bucket.copyPart(key, uploadId, { number, from, range: { start: 0, end: size - 1 } });
      await bucket.completeParts(key, uploadId, [...parts, tail]);
    }

    it('is a commit that can be repeated, or continued', async () => {
      for (const more of [Buffer.alloc(0), randomBytes(1000)]) {
        const first = randomBytes(9_000_000);
        const { id, row } = await begun(first);
        await join(row);
        const whole = Buffer.concat([first, more]);
        if (more.length > 0) await store.resumable.append(id, first.length, chunksOf(more));
        const { key } = await store.resumable.commit(id, digestOf(whole));
        expect((await collect(await store.read(key))).equals(whole)).toBe(true);
        expect([await store.sweepUnfinished(-60_000), await uploads()]).toEqual([0, 0]);
      }
    });

    it('is an upload that is found although its write is gone', async () => {
      await begun(randomBytes(9_000_000));
      await query(database.db, 'delete from resumable_writes');
      expect(await uploads()).toBe(1);
      expect(await store.sweepUnfinished(60_000)).toBe(0);
      expect(await store.sweepUnfinished(-60_000)).toBe(2);
      expect(await uploads()).toBe(0);
      await expect(query(database.db, 'select from pending_writes')).resolves.toEqual([]);
    });

    it('is an upload whose id the process did not get, or did not record', async () => {
      const key = 'blobs/ab/cd';
      await query(database.db, 'insert into pending_writes (key) values ($1)', [key]);
      await bucket.beginParts(key);
      await bucket.beginParts(key);
      await bucket.beginParts(`${key}ef`);
      expect(await store.sweepUnfinished(-60_000)).toBe(1);
      expect(await uploads()).toBe(1);
      for (const end of ['abort', 'sweep'] as const) {
        const id = await store.resumable.start();
        const [row] = await query<{ key: string }>(database.db, 'select key from resumable_writes');
        await query(database.db, 'insert into pending_writes (key) values ($1)', [row?.key]);
        await bucket.beginParts(row?.key ?? '');
        if (end === 'abort') await store.resumable.abort(id);
        else await store.resumable.sweep(-60_000);
        expect([await uploads(), await query(database.db, 'select from pending_writes')]).toEqual([1, []]);
      }
    });

    it('is a copy to the same key that can begin again', async () => {
      const { key } = await new MemoryBlobStore().write(chunksOf(randomBytes(10)));
      await query(database.db, 'insert into pending_writes (key, upload_id) values ($1, $2)', [
        key,
        await bucket.beginParts(key),
      ]);
      const bytes = randomBytes(9_000_000);
      await store.writeAs(key, chunksOf(bytes));
      expect((await collect(await store.read(key))).equals(bytes)).toBe(true);
      expect([await store.sweepUnfinished(-60_000), await uploads()]).toEqual([0, 0]);
    });

    it('never makes a blob of a tail that is gone', async () => {
      const bytes = randomBytes(1000);
      const { id, row } = await begun(bytes);
      await bucket.delete([row.tail_key]);
      await expect(store.resumable.commit(id, digestOf(bytes))).rejects.toThrow('the store has no bytes of');
    });

    it('is as old as its last sign of life, not as its upload', async () => {
      await store.write(chunksOf(randomBytes(10)));
      await query(database.db, `update pending_writes set touched_at = now() + interval '1 hour'`);
      for await (const { modifiedAt } of store.list())
        expect(modifiedAt.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    });

    it('is left alone when a client continues in the middle of a sweep', async () => {
      const id = await store.resumable.start();
      await query(database.db, `update resumable_writes set touched_at = now() - interval '2 days'`);
      const appending = store.resumable.append(id, 0, chunksOf(randomBytes(100)));
      await appending;
      expect(await store.resumable.sweep(24 * 3_600_000)).toBe(0);
      expect(await store.resumable.offset(id)).toBe(100);
    });
  });
}
