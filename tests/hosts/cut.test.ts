import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describeInstalled } from '../helpers/installed';
import { startS3Server } from '../helpers/s3-server';
import { waitUntil } from '../helpers/wait-until';
import { allReady, expectCleanFailures, expectNothingLost, readiness } from './aftermath';
import { startCuttableHosts, type CuttableHosts } from './cuttable';
import { areHostsInstalled } from './hosts';
import { addUsers, newChains, underLoad, USERS } from './load';
import { areNetworksInstalled } from './network';

/* The network between one of three hosts and Postgres loses all packets: connections neither work nor end. */

const DB = path.join(__dirname, '../../dist/src/platform/db/db.js');

/** A transaction that holds a lock and does nothing, as one of a host that is cut off in the middle of it. */
const HOLDER = `
  const db = require(process.env.DB).openDb(process.env.DATABASE_URL, 1);
  db.transaction(async (tx) => {
    await tx.raw('update settings set value = value');
    console.log('locked');
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  });
`;

describeInstalled(areHostsInstalled() && areNetworksInstalled(), 'a host that loses Postgres', () => {
  let place: CuttableHosts;
  beforeAll(async () => {
    place = await startCuttableHosts((await startS3Server()).endpoint);
    await addUsers(place.hub);
  });
  afterAll(() => place.close());

  async function holdLock(): Promise<{ end: () => void }> {
    const [command, ...args] = [...place.network.through, process.execPath, '-e', HOLDER] as const;
    const child = spawn(command, args, {
      env: { PATH: process.env['PATH'], DB, DATABASE_URL: place.databaseUrl },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return { end: () => void child.kill('SIGKILL') };
  }

  /** Whether the lock is free; a statement waits for it for ten seconds. */
  async function isUnlocked(): Promise<boolean> {
    return place.hub.ctx.db.raw('update settings set value = value').then(
      () => true,
      () => false,
    );
  }

  it('says so, blocks no other host, and recovers by itself (R284)', async () => {
    const { hub } = place;
    const [, , third] = hub.hosts;
    expect(await readiness(third)).toMatchObject([200, {}]);
    const chains = newChains();
    const deeds = await underLoad(hub, chains, async (acknowledged) => {
      const holder = await holdLock();
      const join = await place.cut();
      await waitUntil('a failed database', async () =>
        JSON.stringify(await readiness(third)).includes('"database":"failed"'),
      );
      const during = acknowledged();
      await waitUntil('pushes at the others', () => acknowledged() > during + 10);
      await waitUntil('the end of its locks', isUnlocked);
      await join();
      holder.end();
      await allReady(hub);
    });
    expectCleanFailures(deeds);
    await expectNothingLost(hub, USERS, chains);
  });
});
