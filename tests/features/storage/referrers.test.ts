import { randomBytes } from 'node:crypto';
import { BLOB_REFERRERS } from '../../../src/blob-referrers';
import type { BlobReferrer, Context } from '../../../src/context';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { setPlan } from '../../../src/features/namespaces/plans';
import { updateNamespace } from '../../../src/features/namespaces/settings';
import { keepBlob } from '../../../src/features/storage/blobs';
import { deleteBytes } from '../../../src/features/storage/deletions';
import { freeUnreferenced, keysOf } from '../../../src/features/storage/garbage';
import { whileThereIsRoom } from '../../../src/features/storage/quota';
import { scrub } from '../../../src/features/storage/scrub';
import { sweepStorage } from '../../../src/features/storage/sweeps';
import { query } from '../../../src/platform/db/query';
import { filesBelow } from '../../helpers/damage';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

/*
 * Features that point to blobs register their tables. In this test, blobs are referenced by a table that the storage
 * does not know, `manuscripts`.
 */

const HOUR_MS = 3_600_000;

const MANUSCRIPTS: BlobReferrer = {
  column: 'manuscripts.scan',
  isReferencedSql: (digest) => `exists (select 1 from manuscripts m where m.scan = ${digest})`,
  ofNamespaceSql: (namespace) => `select scan from manuscripts where library = ${namespace}`,
  listHolders: async (db, digest) => {
    const rows = await query<{ library: string; title: string }>(db, 'select * from manuscripts where scan = $1', [
      digest,
    ]);
    return rows.map(({ library, title }) => ({ namespace: library, name: title, imageIds: [], tags: ['first'] }));
  },
};

let server: TestServer;
let ctx: Context;
beforeEach(async () => {
  server = await startTestServer();
  ctx = { ...server.ctx, blobReferrers: [...BLOB_REFERRERS, MANUSCRIPTS] };
  await addUser(server, 'alice');
  await ctx.db.raw('create table manuscripts (library text, title text, scan text references blobs)');
});
afterEach(() => server.close());

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

/** Stores bytes, for a manuscript if there is a title; resolves to their digest. */
async function keep(bytes: Buffer, title?: string): Promise<string> {
  const blob = await ctx.blobs.write(once(bytes));
  await keepBlob(ctx, blob, async (tx) => {
    if (title === undefined) return;
    await query(tx, 'insert into manuscripts values ($1, $2, $3)', ['alice', title, blob.digest]);
  });
  return blob.digest;
}

const ageRows = () => query(ctx.db, `update blobs set referenced_at = now() - interval '3 hours'`);
const digests = () => ctx.db('blobs').orderBy('digest').pluck<string[]>('digest');
const files = async (): Promise<number> => (await filesBelow(server.blobDir, 'sha256')).length;

it('the list has every foreign key to blobs, and nothing else (R240)', async () => {
  await ctx.db.raw('drop table manuscripts');
  const keys = await query<{ column: string }>(
    ctx.db,
    `select k.conrelid::regclass || '.' || a.attname as column
     from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
     where k.contype = 'f' and k.confrelid = 'blobs'::regclass order by 1`,
  );
  expect(BLOB_REFERRERS.map(({ column }) => column).sort()).toEqual(keys.map(({ column }) => column));
});

it('a sweep keeps what a referrer points to, and frees it once it does not (R240)', async () => {
  const needed = await keep(randomBytes(100), 'needed');
  await keep(randomBytes(100));
  await ageRows();
  expect(await sweepStorage(ctx, HOUR_MS)).toEqual({ blobs: 1, orphans: 0 });
  expect([await digests(), await files()]).toEqual([[needed], 1]);
  await ctx.db('manuscripts').delete();
  expect(await sweepStorage(ctx, HOUR_MS)).toEqual({ blobs: 1, orphans: 0 });
  expect([await digests(), await files()]).toEqual([[], 0]);
});

it('a sweep keeps blobs that were recorded lately (R240)', async () => {
  await keep(randomBytes(100));
  expect(await sweepStorage(ctx, HOUR_MS)).toEqual({ blobs: 0, orphans: 0 });
});

it('without its entry, a foreign key still keeps the blob (R240)', async () => {
  const needed = await keep(randomBytes(100), 'needed');
  await ageRows();
  expect(await sweepStorage(server.ctx, HOUR_MS)).toEqual({ blobs: 0, orphans: 0 });
  expect(await digests()).toEqual([needed]);
  await expect(ctx.db.transaction((tx) => freeUnreferenced(server.ctx, tx, HOUR_MS, [needed]))).rejects.toThrow(
    'foreign key',
  );
});

it('frees of the named blobs only those that nothing points to, rows first (R240)', async () => {
  const [needed, spare, other] = [
    await keep(randomBytes(100), 'needed'),
    await keep(randomBytes(200)),
    await keep(randomBytes(300)),
  ];
  await ageRows();
  const freed = await ctx.db.transaction((tx) => freeUnreferenced(ctx, tx, HOUR_MS, [needed, spare]));
  expect(freed.map(({ sizeBytes }) => sizeBytes)).toEqual([200]);
  expect([await digests(), await files()]).toEqual([[needed, other].sort(), 3]);
  await deleteBytes(ctx, keysOf(freed));
  expect(await files()).toBe(2);
});

it('the repositories of a damaged blob are those that its referrers name', async () => {
  const digest = await keep(randomBytes(100), 'codex');
  const [row] = await ctx.db('blobs').select<{ storage_key: string }[]>('storage_key');
  await ctx.blobs.delete([row?.storage_key ?? '']);
  const { damaged } = await scrub(ctx, { olderThanMs: 0, bytesPerSecond: undefined });
  const repositories = [{ namespace: 'alice', name: 'codex', imageIds: [], tags: ['first'] }];
  expect(damaged).toEqual([{ digest, damage: 'missing', repositories }]);
});

it('bytes of a referrer count for the plan of the namespace', async () => {
  const plan = { name: 'tiny', privateRepositories: 1, storedBytes: 1000, position: 0 };
  await setPlan(ctx, OPERATOR_ACTOR, plan);
  await updateNamespace(ctx, OPERATOR_ACTOR, 'alice', { plan: 'tiny' });
  const bytes = randomBytes(600);
  await keep(bytes, 'codex');
  await keep(bytes, 'the same again');
  const take = (size: number): Promise<void> =>
    whileThereIsRoom(ctx, 'alice', once(randomBytes(size)), async (admitted) => {
      const blob = await ctx.blobs.write(admitted);
      return { sizeBytes: blob.sizeBytes, newBytes: blob.sizeBytes };
    });
  await expect(take(500)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(take(300)).resolves.toBeUndefined();
});
