import { mkdtemp, rename, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FilesystemBlobStore } from '../../../src/blobs/filesystem';
import { markOfDirectory, type Place, type Places } from '../../../src/blobs/place';
import { assertOnlyHub } from '../../../src/features/storage/hubs';
import { enterPlaces, listPlaces, type EnteredPlaces } from '../../../src/features/storage/places';
import { recordProcess } from '../../../src/features/storage/processes';
import { query } from '../../../src/platform/db/query';
import { createLogger } from '../../../src/platform/log/logger';
import { chunksOf } from '../../blobs/streams';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

let database: TestDatabase;
let folder: string;
const entered: EnteredPlaces[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'drydock-places-'));
});
afterEach(async () => {
  for (const { leave } of entered.splice(0)) await leave();
  await database.drop();
  await rm(folder, { recursive: true });
});

function place(name: string): Place {
  const root = path.join(folder, name);
  return { location: `file:${root}`, store: new FilesystemBlobStore(root), mark: markOfDirectory(root) };
}

async function enter(current: string, other?: string, stopping = new AbortController().signal): Promise<EnteredPlaces> {
  const places: Places = { current: place(current), other: other === undefined ? undefined : place(other) };
  const log = createLogger('silent');
  const use = await enterPlaces({ db: database.db, log }, places, stopping);
  entered.push(use);
  return use;
}

async function locations(): Promise<string[]> {
  return (await listPlaces(database)).map(({ location }) => path.basename(location)).sort();
}

/** A process on another host. */
async function another(writesTo: string, reads: readonly string[], age = '0s'): Promise<void> {
  await query(
    database.db,
    `insert into storage_processes (host, pid, writes_to, reads, seen_at)
     values ('elsewhere', 7, $1, $2, now() - $3::interval)`,
    [writesTo, reads, age],
  );
}

describe('a place', () => {
  it('is in use from the first start on it', async () => {
    const { ids } = await enter('disk');
    expect((await enter('disk')).ids).toEqual(ids);
    expect(await locations()).toEqual(['disk']);
  });

  it('is the same when it is moved', async () => {
    const { ids } = await enter('disk');
    await rename(path.join(folder, 'disk'), path.join(folder, 'moved'));
    expect((await enter('moved')).ids).toEqual(ids);
    expect(await locations()).toEqual(['moved']);
  });

  it('that is missing in the configuration keeps a server from starting', async () => {
    await enter('disk');
    const disk = path.join(folder, 'disk');
    const sentence = `Layers of this server are in file:${disk}, but DRYDOCK_STORAGE is file:${folder}/bucket. Set DRYDOCK_STORAGE_ALSO=file:${disk} until \`drydock storage copy\` has ended. If they are lost: drydock storage forget file:${disk}`;
    await expect(enter('bucket')).rejects.toThrow(sentence);
    expect(await place('bucket').mark.read()).toBeUndefined();
  });

  it('that is not mounted keeps a server from starting', async () => {
    await enter('disk');
    await rm(path.join(folder, 'disk'), { recursive: true });
    await expect(enter('disk')).rejects.toThrow('what is there now is another place. Is its disk mounted?');
  });

  it('knows the hubs that use it, of which only one may delete what has no row (R364)', async () => {
    await enter('disk');
    const places = { current: place('disk'), other: undefined };
    await assertOnlyHub(database, places);
    const others = await createTestDatabase();
    const log = createLogger('silent');
    const entering = await enterPlaces({ db: others.db, log }, places, new AbortController().signal);
    expect(await places.current.mark.hubs()).toHaveLength(2);
    for (const { db } of [database, others]) {
      await expect(assertOnlyHub({ db }, places)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(/Another hub uses file:.*disk as well, or did.* delete hub-/) as string,
      });
      const moving = { current: place('new'), other: place('disk') };
      await moving.current.mark.write('new');
      await expect(assertOnlyHub({ db }, moving)).rejects.toThrow('Another hub uses');
    }
    await entering.leave();
    await others.drop();
  });

  it('cannot be both', async () => {
    await enter('disk');
    await expect(enter('disk', 'disk')).rejects.toThrow('are one place');
  });
});

describe('a move', () => {
  it('begins with a server that writes to a new place and reads the old one', async () => {
    await enter('disk');
    for (const { leave } of entered.splice(0)) await leave();
    await enter('bucket', 'disk');
    expect(await locations()).toEqual(['bucket', 'disk']);
    await expect(enter('disk')).rejects.toThrow('Set DRYDOCK_STORAGE_ALSO=');
  });

  it('may begin with the first start of a version that knows places', async () => {
    await place('disk').store.write(chunksOf(Buffer.from('layer')));
    await enter('bucket', 'disk');
    expect(await locations()).toEqual(['bucket', 'disk']);
  });

  it('does not need an empty place', async () => {
    await enter('disk', 'bucket');
    expect(await locations()).toEqual(['disk']);
  });

  it('waits for processes that do not read the new place', async () => {
    const { ids } = await enter('disk');
    await another(ids.current, [ids.current]);
    const stopping = new AbortController();
    const waiting = enter('bucket', 'disk', stopping.signal);
    await expect(Promise.race([waiting, sleep(500, 'waits')])).resolves.toBe('waits');
    expect(await locations()).toEqual(['disk']);
    stopping.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('aborted');
    await query(database.db, 'delete from storage_processes');
    await enter('bucket', 'disk');
  });

  it('does not wait for processes that read it, are silent for long, or have died on this host', async () => {
    const { ids } = await enter('disk', 'bucket');
    await another(ids.current, [ids.current, ids.other ?? '']);
    await another(ids.current, [ids.current], '10 min');
    await query(
      database.db,
      'insert into storage_processes (host, pid, writes_to, reads) values ($1, 2147483646, $2, $3)',
      [hostname(), ids.current, [ids.current]],
    );
    await expect(enter('bucket', 'disk')).resolves.toMatchObject({ ids: { current: ids.other, other: ids.current } });
  });
});

describe('a process', () => {
  const processes = async (): Promise<unknown[]> => query(database.db, 'select pid from storage_processes');

  it('is recorded until it leaves', async () => {
    const { leave } = await enter('disk');
    expect(await processes()).toEqual([{ pid: process.pid }]);
    await leave();
    expect(await processes()).toEqual([]);
  });

  it('that was taken for dead records itself and its place again', async () => {
    const { ids } = await enter('disk');
    const places = { current: place('disk'), other: undefined };
    const leave = await recordProcess(database, places, ids, 20);
    await query(database.db, 'delete from storage_processes');
    await query(database.db, 'delete from storage_places');
    for (let left = 100; left > 0 && (await processes()).length === 0; left -= 1) await sleep(20);
    expect([await processes(), await locations()]).toEqual([[{ pid: process.pid }], ['disk']]);
    await leave();
  });
});
