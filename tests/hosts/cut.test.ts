import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { openDb } from '../../src/platform/db/db';
import { freePort } from '../helpers/free-port';
import { describeInstalled } from '../helpers/installed';
import { startOwnPostgres, type OwnPostgres } from '../helpers/own-postgres';
import { startS3Server } from '../helpers/s3-server';
import type { TestDatabase } from '../helpers/test-database';
import { allReady, expectCleanFailures, expectNothingLost, readiness, waitUntil } from './aftermath';
import { areHostsInstalled, startHosts, type Hosts } from './hosts';
import { addUsers, newChains, underLoad, USERS } from './load';
import { areNetworksInstalled, createNetwork, type Network } from './network';

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

function asTestDatabase(postgres: OwnPostgres): TestDatabase {
  const db = openDb(postgres.connection);
  const drop = async (): Promise<void> => {
    await db.destroy();
    await postgres.remove();
  };
  return { connection: postgres.connection, url: postgres.url, db, drop };
}

describeInstalled(areHostsInstalled() && areNetworksInstalled(), 'a host that loses Postgres', () => {
  let network: Network;
  let hub: Hosts;
  let port: number;
  let databaseUrl: string;
  beforeAll(async () => {
    network = await createNetwork();
    port = await freePort();
    const settings = { listen_addresses: network.here };
    const postgres = await startOwnPostgres({ port, settings, trusts: `${network.there}/32` });
    databaseUrl = `postgres://${postgres.connection.user}@${network.here}:${port}/${postgres.connection.database}`;
    const { endpoint } = await startS3Server();
    const environment = {
      DATABASE_URL: databaseUrl,
      DRYDOCK_S3_ENDPOINT: await network.forward(Number(new URL(endpoint).port)),
      HOST: network.there,
    };
    hub = await startHosts({
      database: asTestDatabase(postgres),
      third: { environment, through: network.through },
    });
    await addUsers(hub);
  });
  afterAll(async () => {
    await hub.close();
    await network.close();
  });

  async function holdLock(): Promise<{ end: () => void }> {
    const [command, ...args] = [...network.through, process.execPath, '-e', HOLDER] as const;
    const child = spawn(command, args, {
      env: { PATH: process.env['PATH'], DB, DATABASE_URL: databaseUrl },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return { end: () => void child.kill('SIGKILL') };
  }

  /** Whether the lock is free; a statement waits for it for ten seconds. */
  async function isUnlocked(): Promise<boolean> {
    return hub.ctx.db.raw('update settings set value = value').then(
      () => true,
      () => false,
    );
  }

  it('says so, blocks no other host, and recovers by itself (R284)', async () => {
    const [, , third] = hub.hosts;
    expect(await readiness(third)).toMatchObject([200, {}]);
    const chains = newChains();
    const deeds = await underLoad(hub, chains, async (acknowledged) => {
      const holder = await holdLock();
      const join = await network.cut(port);
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
