import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ListedBlob } from '../../../src/blobs/blob-store';
import { MemoryBlobStore } from '../../../src/blobs/memory';
import { BLOB_FOLDERS } from '../../../src/blobs/paths';
import type { Context } from '../../../src/context';
import { keepBlob } from '../../../src/features/storage/blobs';
import { compareStorage, type ComparisonOptions } from '../../../src/features/storage/comparison';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

const HOUR_MS = 3_600_000;

/** A store whose listing a test watches and changes. */
class ListedStore extends MemoryBlobStore {
  readonly listed: string[] = [];
  beforeListing: (folder: string) => void = () => undefined;
  hidden = new Set<string>();

  override async *list(folder?: string): AsyncIterable<ListedBlob> {
    if (folder !== undefined && BLOB_FOLDERS.includes(folder)) {
      this.beforeListing(folder);
      this.listed.push(folder);
    }
    for await (const blob of super.list(folder)) if (!this.hidden.has(blob.key)) yield blob;
  }
}

let database: TestDatabase;
let blobs: ListedStore;
let ctx: Context;
beforeEach(async () => {
  database = await createTestDatabase();
  blobs = new ListedStore();
  ctx = createTestContext(database.db, { blobs });
});
afterEach(() => database.drop());

const compare = (options: Partial<ComparisonOptions> = {}) =>
  compareStorage(ctx, { olderThanMs: -HOUR_MS, isApplied: false, ...options });

const write = async (size = 100): Promise<string> => (await blobs.write(Readable.from([randomBytes(size)]))).key;

async function keep(size = 100): Promise<string> {
  const blob = await blobs.write(Readable.from([randomBytes(size)]));
  await keepBlob(ctx, blob, () => Promise.resolve());
  return blob.key;
}

async function stored(): Promise<string[]> {
  const keys = [];
  for await (const { key } of blobs.list()) keys.push(key);
  return keys.sort();
}

const NOTHING = {
  orphans: 0,
  orphanBytes: 0,
  deleted: 0,
  broken: 0,
  orphanKeys: [],
  brokenRows: [],
  isContinued: false,
};

it('finds nothing wrong where nothing is', async () => {
  await expect(compare()).resolves.toEqual({ ...NOTHING, objects: 0, bytes: 0, rows: 0 });
  for (let i = 0; i < 20; i += 1) await keep();
  await expect(compare({ isApplied: true })).resolves.toEqual({ ...NOTHING, objects: 20, bytes: 2000, rows: 20 });
  expect([(await stored()).length, await database.db('storage_comparisons')]).toEqual([20, []]);
});

it('finds objects without a row and rows without an object, and changes nothing unless it is asked to', async () => {
  const [kept, lost] = [await keep(), await keep()];
  const [orphan, young] = [await write(500), await keep()];
  const { digest } = await ctx.db('blobs').where({ storage_key: lost }).first<{ digest: string }>();
  await blobs.delete([lost]);
  const found = {
    objects: 3,
    bytes: 700,
    rows: 3,
    orphans: 1,
    orphanBytes: 500,
    orphanKeys: [orphan],
    broken: 1,
    brokenRows: [{ digest, storageKey: lost, damage: 'missing' }],
    deleted: 0,
    isContinued: false,
  };
  await expect(compare()).resolves.toEqual(found);
  expect([await stored(), await ctx.db('blobs').whereNotNull('damaged_at')]).toEqual([
    [kept, orphan, young].sort(),
    [],
  ]);
  await expect(compare({ isApplied: true })).resolves.toEqual({ ...found, deleted: 1 });
  expect(await stored()).toEqual([kept, young].sort());
  expect(await ctx.db('blobs').whereNotNull('damaged_at').pluck('digest')).toEqual([digest]);
  await expect(compare()).resolves.toEqual({ ...NOTHING, objects: 2, bytes: 200, rows: 2 });
});

it('spares young objects, and those that the next sweep deletes', async () => {
  const planned = await write();
  await ctx.db('pending_deletions').insert({ key: planned });
  await write();
  await expect(compare({ olderThanMs: HOUR_MS, isApplied: true })).resolves.toMatchObject({ objects: 2, orphans: 0 });
  await expect(compare({ isApplied: true })).resolves.toMatchObject({ objects: 2, orphans: 1, deleted: 1 });
  expect(await stored()).toEqual([planned]);
});

it('asks the store for an object that a listing lacks', async () => {
  const key = await keep();
  blobs.hidden.add(key);
  await expect(compare({ isApplied: true })).resolves.toEqual({ ...NOTHING, objects: 0, bytes: 0, rows: 1 });
});

it('finds objects of another length, and rows whose keys are in no folder', async () => {
  const [short, elsewhere] = [await keep(), await keep()];
  await ctx.db('blobs').where({ storage_key: short }).update({ size_bytes: 101 });
  await ctx.db('blobs').where({ storage_key: elsewhere }).update({ storage_key: 'nowhere' });
  const { broken, brokenRows, orphanKeys } = await compare();
  expect(brokenRows.map(({ storageKey, damage }) => [storageKey, damage])).toEqual([
    [short, 'wrong size'],
    ['nowhere', 'missing'],
  ]);
  expect([broken, orphanKeys]).toEqual([2, [elsewhere]]);
});

it('goes on after a kill where it was, with what it had found', async () => {
  const orphans = [];
  for (let i = 0; i < 60; i += 1) orphans.push(await write(10));
  const half = BLOB_FOLDERS[128];
  blobs.beforeListing = (folder) => {
    if (folder === half) throw new Error('killed');
  };
  await expect(compare()).rejects.toThrow('killed');
  expect(blobs.listed).toEqual(BLOB_FOLDERS.slice(0, 128));
  blobs.beforeListing = () => undefined;
  blobs.listed.length = 0;
  const { orphanKeys, ...figures } = await compare();
  expect(figures).toMatchObject({ objects: 60, orphans: 60, orphanBytes: 600, isContinued: true });
  expect(orphanKeys.toSorted()).toEqual(orphans.sort());
  expect(blobs.listed).toEqual(BLOB_FOLDERS.slice(128, 256)); // nothing is in the others
});

it('begins from the start with other options, or after a week', async () => {
  await write();
  const stopAtEnd = (folder: string): void => {
    if (folder === BLOB_FOLDERS[255]) throw new Error('killed');
  };
  blobs.beforeListing = stopAtEnd;
  await expect(compare()).rejects.toThrow('killed');
  blobs.beforeListing = () => undefined;
  await expect(compare({ isApplied: true })).resolves.toMatchObject({ objects: 1, deleted: 1, isContinued: false });
  await write();
  blobs.beforeListing = stopAtEnd;
  await expect(compare()).rejects.toThrow('killed');
  blobs.beforeListing = () => undefined;
  await database.db('storage_comparisons').update({ started_at: new Date(Date.now() - 8 * 24 * HOUR_MS) });
  await expect(compare()).resolves.toMatchObject({ isContinued: false });
});

it('is done by one process at a time', async () => {
  await keep();
  let second: Promise<unknown> | undefined;
  blobs.beforeListing = (folder) => {
    if (folder === BLOB_FOLDERS[3]) second ??= compare().catch((error: unknown) => error);
  };
  const results = await Promise.all([compare().catch((error: unknown) => error), Promise.resolve()]);
  const all = [results[0], await second];
  expect(all).toContainEqual(expect.objectContaining({ code: 'conflict' }));
  expect(all).toContainEqual(expect.objectContaining({ objects: 1 }));
});
