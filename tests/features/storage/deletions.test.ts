import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { MemoryBlobStore } from '../../../src/blobs/memory';
import type { Context } from '../../../src/context';
import { keepBlob } from '../../../src/features/storage/blobs';
import { deleteBytes } from '../../../src/features/storage/deletions';
import { holdDeletions } from '../../../src/features/storage/deletion-hold';
import { freeUnreferenced, keysOf } from '../../../src/features/storage/garbage';
import { sweepStorage } from '../../../src/features/storage/sweeps';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

/*
 * Bytes whose row is gone, when the process dies before it deletes them, or the store does not answer: the sweep must
 * find them, also in a store that never lists its blobs for a sweep.
 */

/** Like a bucket: it knows nothing of blobs that were claimed. It fails while `isFailing` is set. */
class FailingStore extends MemoryBlobStore {
  isFailing = false;

  override async *unclaimed(): AsyncIterable<readonly string[]> {
    yield await Promise.resolve([]);
  }

  override async delete(keys: readonly string[]): Promise<void> {
    if (this.isFailing) throw new Error('the store does not answer');
    return super.delete(keys);
  }

  override async quarantine(key: string): Promise<void> {
    if (this.isFailing) throw new Error('the store does not answer');
    return super.quarantine(key);
  }
}

let database: TestDatabase;
let blobs: FailingStore;
let ctx: Context;
beforeEach(async () => {
  database = await createTestDatabase();
  blobs = new FailingStore();
  ctx = createTestContext(database.db, { blobs });
});
afterEach(() => database.drop());

async function keep(bytes = randomBytes(100)): Promise<string> {
  const blob = await blobs.write(Readable.from([bytes]));
  await keepBlob(ctx, blob, () => Promise.resolve());
  return blob.key;
}

async function stored(): Promise<string[]> {
  const keys = [];
  for await (const { key } of blobs.list()) keys.push(key);
  return keys;
}

const planned = async (): Promise<unknown> => ctx.db('pending_deletions').pluck('key');

const digests = (): Promise<string[]> => ctx.db('blobs').pluck('digest');

async function free(): Promise<string[]> {
  await ctx.db('blobs').update({ referenced_at: new Date(0) });
  return keysOf(await ctx.db.transaction(async (tx) => freeUnreferenced(ctx, tx, 1000, await digests())));
}

it('are deleted by the sweep when the process died before it did', async () => {
  const keys = [await keep(), await keep()];
  expect((await free()).sort()).toEqual(keys.sort());
  expect([await stored(), await ctx.db('blobs')]).toEqual([expect.arrayContaining(keys), []]);
  await expect(sweepStorage(ctx, 3_600_000)).resolves.toEqual({ blobs: 0, orphans: 2 });
  expect([await stored(), await planned()]).toEqual([[], []]);
});

it('leave nothing planned when they are deleted, or their rows stay', async () => {
  const key = await keep();
  await expect(
    ctx.db.transaction(async (tx) => {
      await tx('blobs').update({ referenced_at: new Date(0) });
      expect(await freeUnreferenced(ctx, tx, 1000, await digests())).toHaveLength(1);
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  expect([await stored(), await planned()]).toEqual([[key], []]);
  await deleteBytes(ctx, await free());
  expect([await stored(), await planned()]).toEqual([[], []]);
});

it('stay while the store does not answer, and are deleted when it does', async () => {
  const key = await keep();
  blobs.isFailing = true;
  await deleteBytes(ctx, await free());
  await expect(sweepStorage(ctx, 3_600_000)).resolves.toEqual({ blobs: 0, orphans: 0 });
  expect([await stored(), await planned()]).toEqual([[key], [key]]);
  blobs.isFailing = false;
  await expect(sweepStorage(ctx, 3_600_000)).resolves.toEqual({ blobs: 0, orphans: 1 });
  expect([await stored(), await planned()]).toEqual([[], []]);
});

it('stay during a backup', async () => {
  await keep();
  const hold = await holdDeletions(database.connection);
  await deleteBytes(ctx, await free());
  await sweepStorage(ctx, 3_600_000);
  expect(await stored()).toHaveLength(1);
  await hold?.release();
  await sweepStorage(ctx, 3_600_000);
  expect([await stored(), await planned()]).toEqual([[], []]);
});

it('stay when a row points to them after all, as in a database that was restored', async () => {
  const key = await keep();
  await ctx.db('pending_deletions').insert({ key });
  await sweepStorage(ctx, 3_600_000);
  expect([await stored(), await planned()]).toEqual([[key], []]);
});

it.each(['found by a scrub', 'found by the push'])('go to quarantine when a push replaced them: %s', async (how) => {
  const bytes = randomBytes(100);
  const old = await keep(bytes);
  if (how === 'found by a scrub') await ctx.db('blobs').update({ damaged_at: new Date(), damage: 'wrong bytes' });
  else jest.spyOn(blobs, 'size').mockResolvedValueOnce(99);
  blobs.isFailing = true;
  const key = await keep(bytes);
  expect(await ctx.db('blobs').pluck('storage_key')).toEqual([key]);
  expect([(await stored()).sort(), await planned()]).toEqual([[old, key].sort(), [old]]);
  blobs.isFailing = false;
  await expect(sweepStorage(ctx, 3_600_000)).resolves.toEqual({ blobs: 0, orphans: 1 });
  expect([await stored(), await planned()]).toEqual([[key], []]);
  await expect(blobs.sweepQuarantined(new Date(Date.now() + 60_000))).resolves.toBe(1);
});

it('are not needed when equal bytes are there, and then no error of the store fails the push', async () => {
  const bytes = randomBytes(100);
  const first = await keep(bytes);
  await keep(bytes);
  expect(await stored()).toEqual([first]);
  blobs.isFailing = true;
  await keep(bytes);
  expect(await ctx.db('blobs').pluck('storage_key')).toEqual([first]);
});
