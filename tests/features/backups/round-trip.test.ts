import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { FilesystemBlobStore } from '../../../src/blobs/filesystem';
import { backUp } from '../../../src/features/backups/back-up';
import { readManifest } from '../../../src/features/backups/manifest';
import { restore } from '../../../src/features/backups/restore';
import { query } from '../../../src/platform/db/query';
import type { Db } from '../../../src/platform/db/db';
import { createLogger } from '../../../src/platform/log/logger';
import { createBackupFolder, createEmptyPlace, type EmptyPlace } from '../../helpers/backups';
import { expectBytesForEveryRow } from '../../reliability/stored-bytes';
import { startShowcase } from '../../helpers/showcase';
import type { TestServer } from '../../helpers/test-server';

let server: TestServer;
let other: EmptyPlace;
let folder: string;
let removeFolder: () => Promise<void>;
beforeAll(async () => {
  server = await startShowcase();
  other = await createEmptyPlace();
  ({ folder, remove: removeFolder } = await createBackupFolder());
});
afterAll(async () => {
  await server.close();
  await other.remove();
  await removeFolder();
});

/** Columns in which a restored row differs: where its bytes are, when they were read, and that it is no longer sent. */
const OTHERWISE: Readonly<Record<string, string>> = {
  blobs: `- 'storage_key' - 'verified_at'`,
  webhook_deliveries: `- 'state' - 'finished_at'`,
};

/** The rows of a table, as one text. */
async function rowsOf(db: Db, table: string): Promise<string[]> {
  const text = `select (to_jsonb(t) ${OTHERWISE[table] ?? ''})::text as row from "${table}" t order by 1`;
  return (await query<{ row: string }>(db, text)).map(({ row }) => row);
}

it('restores every row of every table but those that are left out, and every byte', async () => {
  await server.ctx.activity.stop();
  const { db, blobs, log } = server.ctx;
  // Values that the text format of COPY has to escape.
  await query(
    db,
    `update repositories set full_description = E'tab\\t, newline\\n, \\\\N, \\\\. and \\u2028' where name = 'shop'`,
  );
  // Open builds end with a restore; `tests/features/builds/running.test.ts` has them.
  await query(db, `update builds set state = 'cancelled', finished_at = now() where finished_at is null`);
  const { damaged } = await backUp({ db, blobs, log, connection: server.database.connection }, folder, {
    version: '1',
  });
  expect(damaged).toEqual([]);
  const { db: restored, connection } = other.database;
  const store = new FilesystemBlobStore(path.join(other.dataDir, 'blobs'));
  const ctx = { db: restored, blobs: store, log: createLogger('silent'), connection };
  const { missing, manifest } = await restore(ctx, folder, { verify: true });
  expect(missing).toEqual([]);

  const filled: string[] = [];
  for (const { name } of manifest.tables) {
    const rows = await rowsOf(db, name);
    // The backup and the restore are events themselves.
    const events = name === 'audit_events' ? await rowsOf(restored, name) : undefined;
    if (events === undefined) expect([name, await rowsOf(restored, name)]).toEqual([name, rows]);
    else
      expect(events.filter((row) => !row.includes('backup.'))).toEqual(rows.filter((row) => !row.includes('backup.')));
    if (rows.length > 0) filled.push(name);
  }
  expect(filled.length).toBeGreaterThan(30);
  for (const name of [
    'sessions',
    'email_links',
    'oauth_codes',
    'blob_uploads',
    'push_tellings',
    'pending_writes',
    'resumable_writes',
    'storage_places',
    'storage_processes',
    'copied_blobs',
    'failure_counts',
  ]) {
    expect([name, await rowsOf(restored, name)]).toEqual([name, []]);
  }
  await expect(query(restored, `select 1 from webhook_deliveries where state = 'pending'`)).resolves.toEqual([]);
  await expect(expectBytesForEveryRow(restored, path.join(other.dataDir, 'blobs'))).resolves.toBeGreaterThan(5);
});

it('leaves the sequences where they were, so that new rows get new ids', async () => {
  const next = async (db: Db): Promise<number> =>
    (await query<{ id: number }>(db, `select nextval(pg_get_serial_sequence('repositories', 'id')) as id`))[0]!.id;
  await expect(next(other.database.db)).resolves.toBe(await next(server.database.db));
});

it('checks foreign keys and runs triggers again after a restore', async () => {
  const { db } = other.database;
  await expect(
    query(db, 'insert into tags (repository_id, name, image_id) values (-1, $1, $1)', ['x']),
  ).rejects.toThrow(/foreign key/);
  await query(db, `delete from stars where id = (select min(id) from stars)`);
  const counted = `select count(*) as n from repositories r where star_count <> (select count(*) from stars s where s.repository_id = r.id)`;
  await expect(query(db, counted)).resolves.toEqual([{ n: 0 }]);
  const disabled = `select count(*) as n from pg_trigger where tgenabled <> 'O' and not tgisinternal`;
  await expect(query(db, disabled)).resolves.toEqual([{ n: 0 }]);
});

it('may be read by its owner alone', async () => {
  const modes = async (): Promise<string[]> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const found = entries.map(async (entry) => {
      const { mode } = await stat(path.join(entry.parentPath, entry.name));
      return `${entry.isDirectory() ? 'directory' : 'file'} ${(mode & 0o777).toString(8)}`;
    });
    return [...new Set(await Promise.all(found))].sort();
  };
  await expect(modes()).resolves.toEqual(['directory 700', 'file 600']);
});

it('has nothing in it that a later backup does not need', async () => {
  const { db, blobs, log } = server.ctx;
  const before = await readManifest(folder);
  await rm(path.join(folder, 'layers/00'), { recursive: true });
  const { manifest } = await backUp({ db, blobs, log, connection: server.database.connection }, folder, {
    version: '1',
  });
  const names = (await readdir(folder)).sort();
  expect(names).toEqual([manifest.database, 'layers', 'manifest.json'].sort());
  expect(manifest.database).not.toBe(before.database);
});
