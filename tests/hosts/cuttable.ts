import { openDb } from '../../src/platform/db/db';
import { freePort } from '../helpers/free-port';
import { startOwnPostgres, type OwnPostgres } from '../helpers/own-postgres';
import type { TestDatabase } from '../helpers/test-database';
import { startHosts, type Hosts } from './hosts';
import { createNetwork, type Network } from './network';

/** Three hosts on a Postgres of their own, of which the last one is in a network that a test can cut. */
export interface CuttableHosts {
  readonly hub: Hosts;
  readonly network: Network;
  /** of the database, in the network */
  readonly databaseUrl: string;
  /** Loses all packets between the last host and Postgres: connections neither work nor end. @returns ends it */
  cut(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

function asTestDatabase(postgres: OwnPostgres): TestDatabase {
  const db = openDb(postgres.connection);
  const drop = async (): Promise<void> => {
    await db.destroy();
    await postgres.remove();
  };
  return { connection: postgres.connection, url: postgres.url, db, drop };
}

/**
 * Starts them.
 *
 * @param storeEndpoint - where the S3 server is
 */
export async function startCuttableHosts(storeEndpoint: string): Promise<CuttableHosts> {
  const network = await createNetwork();
  const port = await freePort();
  const settings = { listen_addresses: network.here };
  const postgres = await startOwnPostgres({ port, settings, trusts: `${network.there}/32` });
  const { user, database } = postgres.connection;
  const databaseUrl = `postgres://${user}@${network.here}:${port}/${database}`;
  const environment = {
    DATABASE_URL: databaseUrl,
    DRYDOCK_S3_ENDPOINT: await network.forward(Number(new URL(storeEndpoint).port)),
    HOST: network.there,
  };
  const third = { environment, through: network.through };
  const hub = await startHosts({ database: asTestDatabase(postgres), storeEndpoint, third });
  return {
    hub,
    network,
    databaseUrl,
    cut: () => network.cut(port),
    close: async () => {
      await hub.close();
      await network.close();
    },
  };
}
