import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { ByteRange } from '../../../src/blobs/blob-store';
import { FilesystemBlobStore } from '../../../src/blobs/filesystem';
import { markOfDirectory, type Place } from '../../../src/blobs/place';
import { TwoPlaces } from '../../../src/blobs/two-places';
import { keepBlob } from '../../../src/features/storage/blobs';
import { copyStorage, type CopyReport } from '../../../src/features/storage/copy';
import type { CopyOptions } from '../../../src/features/storage/copy-run';
import { enterPlaces, listPlaces, type EnteredPlaces } from '../../../src/features/storage/places';
import { query } from '../../../src/platform/db/query';
import { chunksOf, collect } from '../../blobs/streams';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

/** Notes what is read, and can do something first. */
class WatchedStore extends FilesystemBlobStore {
  readonly reads: string[] = [];
  before: (key: string) => Promise<void> = () => Promise.resolve();

  override async read(key: string, range?: ByteRange, expectedBytes?: number): Promise<Readable> {
    this.reads.push(key);
    await this.before(key);
    return super.read(key, range, expectedBytes);
  }
}

interface Kept {
  readonly digest: string;
  readonly key: string;
  readonly bytes: Buffer;
}

let database: TestDatabase;
let folder: string;
let disk: Place & { readonly store: WatchedStore };
let bucket: Place & { readonly store: WatchedStore };
let use: EnteredPlaces;

function place(name: string): Place & { readonly store: WatchedStore } {
  const root = path.join(folder, name);
  return { location: `file:${root}`, store: new WatchedStore(root), mark: markOfDirectory(root) };
}

beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'drydock-copy-'));
  [disk, bucket] = [place('disk'), place('bucket')];
});
afterEach(async () => {
  await use.leave();
  await database.drop();
  await rm(folder, { recursive: true });
});

/** A blob that is written to a place. */
async function keep(store: FilesystemBlobStore, size = 1000): Promise<Kept> {
  const bytes = randomBytes(size);
  const blob = await store.write(chunksOf(bytes));
  await keepBlob({ ...createTestContext(database.db), blobs: store }, blob, () => Promise.resolve());
  return { digest: blob.digest, key: blob.key, bytes };
}

/** A server has started with the bucket as the new place. */
async function begin(): Promise<void> {
  use = await enterPlaces(
    createTestContext(database.db),
    { current: bucket, other: disk },
    new AbortController().signal,
  );
}

async function copy(options: Partial<CopyOptions> = {}): Promise<CopyReport> {
  const ctx = createTestContext(database.db, { blobs: new TwoPlaces(bucket.store, disk.store) });
  const { connection } = database;
  return copyStorage(
    { ...ctx, connection, places: { current: bucket, other: disk }, placeIds: use.ids },
    { toOther: false, isDryRun: false, bytesPerSecond: undefined, reserveBytes: 0, atOnce: 2, ...options },
  );
}

async function locations(): Promise<string[]> {
  return (await listPlaces(database)).map(({ location }) => location);
}

it('copies what is in the old place alone, which then is no longer in use, and keeps its layers', async () => {
  const old = [await keep(disk.store), await keep(disk.store, 3_000_000), await keep(disk.store, 0)];
  await begin();
  const newer = await keep(bucket.store);
  await expect(copy()).resolves.toEqual({
    from: disk.location,
    to: bucket.location,
    copied: { blobs: 3, bytes: 3_001_000 },
    present: { blobs: 1, bytes: 1000 },
    damaged: [],
    isEnd: true,
    writers: [],
    unfinishedUploads: 0,
  });
  for (const { key, bytes } of [...old, newer]) expect(await collect(await bucket.store.read(key))).toEqual(bytes);
  for (const { key, bytes } of old) expect(await disk.store.size(key)).toBe(bytes.length);
  expect(await locations()).toEqual([bucket.location]);
  await expect(query(database.db, 'select from copied_blobs')).resolves.toEqual([]);
});

it('copies back what was written since, and reads back there what was there before', async () => {
  const old = await keep(disk.store);
  await begin();
  await copy();
  await use.leave();
  const newer = await keep(bucket.store);
  [disk, bucket] = [bucket, disk];
  await begin();
  disk.store.reads.length = bucket.store.reads.length = 0;
  await expect(copy()).resolves.toMatchObject({ copied: { blobs: 1 }, present: { blobs: 1 }, isEnd: true });
  expect([disk.store.reads, bucket.store.reads]).toEqual([[newer.key], [old.key]]);
});

it('continues where it was, and reads nothing twice', async () => {
  const kept = [];
  for (let left = 6; left > 0; left -= 1) kept.push(await keep(disk.store));
  await begin();
  const killed = copy({
    atOnce: 1,
    onProgress: ({ blobs }) => {
      if (blobs === 3) throw new Error('killed');
    },
  });
  await expect(killed).rejects.toThrow('killed');
  await expect(copy()).resolves.toMatchObject({ copied: { blobs: 3 }, isEnd: true });
  expect(disk.store.reads.sort()).toEqual(kept.map(({ key }) => key).sort());
});

it('names what is damaged at the source, and copies it when it is there again', async () => {
  const [whole, wrong, cut, gone] = [
    await keep(disk.store),
    await keep(disk.store),
    await keep(disk.store),
    await keep(disk.store),
  ];
  const fileOf = ({ key }: Kept): string => path.join(folder, 'disk', key);
  await writeFile(fileOf(wrong), randomBytes(1000));
  await appendFile(fileOf(cut), 'more');
  await rm(fileOf(gone));
  await begin();
  await expect(copy({ isDryRun: true })).resolves.toMatchObject({ copied: { blobs: 2 }, isEnd: false });
  const report = await copy();
  const found = new Map(report.damaged.map(({ digest, damage }) => [digest, damage]));
  expect(found).toEqual(
    new Map([
      [wrong.digest, 'wrong bytes'],
      [cut.digest, 'wrong size'],
      [gone.digest, 'missing'],
    ]),
  );
  expect(report).toMatchObject({ copied: { blobs: 1 }, isEnd: true });
  expect(await bucket.store.size(whole.key)).toBe(1000);
  await writeFile(fileOf(gone), gone.bytes);
  const again = await copy();
  expect([again.copied.blobs, again.damaged.length]).toEqual([1, 2]);
  const damaged = query<{ digest: string }>(database.db, 'select digest from blobs where damaged_at is not null');
  expect((await damaged).map(({ digest }) => digest).sort()).toEqual([wrong.digest, cut.digest].sort());
});

it('leaves nothing of a blob that is deleted while it is copied (R67)', async () => {
  const secret = await keep(disk.store);
  await begin();
  const both = new TwoPlaces(bucket.store, disk.store);
  disk.store.before = async () => {
    await query(database.db, 'delete from blobs where digest = $1', [secret.digest]);
    await both.delete([secret.key]);
    disk.store.before = () => Promise.resolve();
    await disk.store.writeAs(secret.key, chunksOf(secret.bytes)); // the copy has it open
  };
  await expect(copy()).resolves.toMatchObject({ copied: { blobs: 0 }, damaged: [], isEnd: true });
  expect(await bucket.store.size(secret.key)).toBeUndefined();
});

it('does not end while a process writes to the old place, and finds what it wrote', async () => {
  await keep(disk.store);
  await begin();
  const add = (writesTo: string | undefined) =>
    query(
      database.db,
      `insert into storage_processes (host, pid, writes_to, reads) values ('elsewhere', 7, $1, array[$1, $2])`,
      [writesTo, use.ids.current],
    );
  await add(use.ids.other);
  await expect(copy()).resolves.toMatchObject({ copied: { blobs: 1 }, isEnd: false, writers: [{ host: 'elsewhere' }] });
  expect(await locations()).toHaveLength(2);
  const late = await keep(disk.store);
  await query(database.db, 'delete from storage_processes');
  await expect(copy()).resolves.toMatchObject({ copied: { blobs: 1 }, isEnd: true });
  expect(await bucket.store.size(late.key)).toBe(1000);
});

it('is refused while a process does not read the new place', async () => {
  await begin();
  await query(
    database.db,
    `insert into storage_processes (host, pid, writes_to, reads) values ('elsewhere', 7, 'disk', array['disk'])`,
  );
  await expect(copy()).rejects.toThrow('would not be found by 1 process on elsewhere');
});

it('can begin before servers write to the new place', async () => {
  await keep(disk.store);
  use = await enterPlaces(
    createTestContext(database.db),
    { current: disk, other: bucket },
    new AbortController().signal,
  );
  const swap = (): void => void ([disk, bucket] = [bucket, disk]);
  swap();
  await expect(copy({ toOther: true })).resolves.toMatchObject({ copied: { blobs: 1 }, isEnd: false });
  swap();
  await keep(disk.store);
  await use.leave();
  await begin();
  await expect(copy()).resolves.toMatchObject({ copied: { blobs: 1 }, present: { blobs: 0 }, isEnd: true });
});

it('says how many uploads began in the old place', async () => {
  await disk.store.resumable.start();
  await begin();
  await expect(copy()).resolves.toMatchObject({ unfinishedUploads: 1, isEnd: true });
});

it('stops before the disk is full', async () => {
  await keep(disk.store);
  await begin();
  await expect(copy({ reserveBytes: Number.MAX_SAFE_INTEGER })).rejects.toMatchObject({ code: 'storage_full' });
});
