import { setTimeout as sleep } from 'node:timers/promises';
import { startChildServer } from '../helpers/child-server';
import { freePort } from '../helpers/free-port';
import { createChain, pushImages, startPull } from '../helpers/images';
import { childrenOf, commandOf } from '../helpers/process-tree';
import { registryClient } from '../helpers/registry-client';
import { createCommandPlace, failure, type CommandPlace } from '../helpers/command-place';
import { startCommand } from '../helpers/run-command';

/* This version on a database that a later one has migrated: it refuses to start, but continues to run. */

const SENTENCE =
  'This database was upgraded by a newer Drydock (it has the migration 29990101000000_from_the_future and 1 more, ' +
  'unknown to this version). Start that version or a later one; to return to this one, restore a backup from before ' +
  'the upgrade.';

let place: CommandPlace;
beforeEach(async () => {
  place = await createCommandPlace();
});
afterEach(() => place.close());

/** What the migrations of a later version may do: they only add. */
async function upgrade(): Promise<void> {
  const { db } = place.database;
  await db.raw('alter table repositories add column from_the_future text not null default $$new$$');
  await db.raw('create table futures (id bigint primary key)');
  for (const name of ['29990101000000_from_the_future', '29990102000000_from_the_far_future']) {
    await db('knex_migrations').insert({ name, batch: 99, migration_time: new Date() });
  }
}

it.each([['serve'], ['migrate'], ['user', 'list']])(
  '`drydock %s` refuses a newer database, and says what to do (R94)',
  async (...args) => {
    await upgrade();
    const before = await place.database.db('knex_migrations');
    const environment = { ...place.environment, PORT: '0', LOG_LEVEL: 'error' };
    expect(await startCommand(args, environment).ended).toEqual(failure(SENTENCE));
    expect(await place.database.db('knex_migrations')).toEqual(before);
  },
);

it('a server refuses a newer job queue, too (R94)', async () => {
  await place.database.db.raw('insert into graphile_worker.migrations (id, breaking) values (999999, true)');
  const { code, stderr } = await place.run('migrate');
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^error: This database was upgraded by a newer Drydock \(its job queue is unknown to this/),
  ]);
});

it('a running server continues, and replaces its worker processes (R94)', async () => {
  const server = await startChildServer({
    ...place.environment,
    PORT: String(await freePort()), // with 0 the port would change after the end of all worker processes
    DRYDOCK_ADMIN_USERNAME: 'alice',
    DRYDOCK_ADMIN_PASSWORD: 'alicepw',
    DRYDOCK_WORKERS: '2',
    LOG_LEVEL: 'fatal',
  });
  try {
    await upgrade();
    const workers = (): number[] => childrenOf(server.process.pid!).filter((pid) => commandOf(pid) !== '');
    const old = workers();
    expect(old).toHaveLength(2);
    for (const pid of old) process.kill(pid, 'SIGKILL');
    const isBack = async (): Promise<boolean> =>
      workers().filter((pid) => !old.includes(pid)).length === 2 &&
      (await fetch(`${server.url}/readyz`).then(
        ({ status }) => status === 200,
        () => false,
      ));
    while (!(await isBack())) await sleep(50);
    const chain = createChain(2);
    await pushImages(server, 'alice/app', chain);
    const pull = registryClient(server, await startPull(server, 'alice/app'));
    for (const image of chain) expect((await pull.get(image.id, 'layer')).bytes).toEqual(image.layer);
  } finally {
    expect(await server.end('SIGTERM')).toBe(0);
  }
});

it('a server whose worker processes can no longer start ends, and says why (R95)', async () => {
  const server = startCommand(['serve'], {
    ...place.environment,
    PORT: '0',
    DRYDOCK_WORKERS: '2',
    DRYDOCK_ADMIN_USERNAME: 'alice',
    DRYDOCK_ADMIN_PASSWORD: 'alicepw',
    LOG_LEVEL: 'error',
  });
  try {
    await server.waitFor(/Drydock listens/);
    // Only a starting process reads it.
    await place.database.db.raw('drop table settings cascade');
    for (const pid of childrenOf(server.process.pid!)) process.kill(pid, 'SIGKILL');
    const { code, stdout, stderr } = await server.ended;
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: No worker process is left, and a new one did not start: .+\n$/),
    ]);
    const tries = stdout.split('\n').filter((line) => line.includes('could not start another worker process'));
    expect(tries.length).toBeLessThanOrEqual(2 * 5);
  } finally {
    server.process.kill('SIGKILL');
    await server.ended;
  }
});
