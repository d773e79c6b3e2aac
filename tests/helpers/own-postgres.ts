import { appendFile, chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { chooseBinaries, standardSources, type Binaries } from '../../src/platform/db/embedded/binaries';
import { linkVisiblePath, createSocketDir, placeCluster } from '../../src/platform/db/embedded/cluster-place';
import { initCluster } from '../../src/platform/db/embedded/init-cluster';
import { readLockFile } from '../../src/platform/db/embedded/lock-file';
import { spawnPostmaster, stopServer } from '../../src/platform/db/embedded/postmaster';
import type { RunAs } from '../../src/platform/db/embedded/run-as';
import type { Certificate } from './self-signed-certificate';

/** A Postgres that belongs to one test, which stops and kills it. Only the test starts it again. */
export interface OwnPostgres {
  /** The URL of the database `postgres`, for `DATABASE_URL`. */
  readonly url: string;
  /** the same in parts, for `openDb` */
  readonly connection: { host: string; port: number; user: string; database: string };
  /** The id of the postmaster. @throws Error when it does not run */
  pid(): number;
  start(): Promise<void>;
  /** Cuts every connection, writes everything to disk, and waits for the end. */
  stopFast(): Promise<void>;
  /** Kills the postmaster; its children notice and exit. Committed data must survive. */
  kill(): Promise<void>;
  /** Stops it, and removes the data. */
  remove(): Promise<void>;
}

// We do not use synchronous_commit=off, because committed data must survive a kill.
const SETTINGS = { fsync: 'off', full_page_writes: 'off' };
const USER = 'drydock';
const TRIES = 400;

async function untilReady(connection: OwnPostgres['connection'], spawn: () => { isRunning(): boolean }): Promise<void> {
  let postmaster = spawn();
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const client = new Client({ ...connection, ssl: false });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await client.end().catch(() => undefined);
      // The children of a killed server may hold its memory for a moment.
      if (!postmaster.isRunning()) postmaster = spawn();
      await sleep(50);
    }
  }
  throw new Error('Postgres did not come up');
}

/** How a Postgres differs from the usual one. */
export interface OwnPostgresOptions {
  /** of the socket, and of 127.0.0.1 when `settings` have `listen_addresses` */
  readonly port?: number;
  /** more server settings; a certificate goes into a folder that the server can read */
  readonly settings?: Readonly<Record<string, string>>;
  /** undefined: those of the package */
  readonly binaries?: Binaries;
  /** A network from which everybody may connect; 127.0.0.1 always may. */
  readonly trusts?: string;
  /** turns TLS on */
  readonly certificate?: Certificate;
}

async function tlsSettings(
  folder: string,
  { cert, key }: Certificate,
  owner: RunAs | undefined,
): Promise<Record<string, string>> {
  const files = { ssl_cert_file: path.join(folder, 'server.crt'), ssl_key_file: path.join(folder, 'server.key') };
  await writeFile(files.ssl_cert_file, cert);
  await writeFile(files.ssl_key_file, key, { mode: 0o600 });
  if (owner !== undefined) await chown(files.ssl_key_file, owner.uid, owner.gid);
  return { ssl: 'on', ...files };
}

/** Creates the cluster and starts the server. */
export async function startOwnPostgres(options: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  const directory = await mkdtemp(path.join(tmpdir(), 'drydock-own-pg-'));
  await chmod(directory, 0o755);
  const place = placeCluster(directory);
  const binaries = options.binaries ?? (await chooseBinaries(standardSources(place.copiesDir, place.runAs), undefined));
  await initCluster(place, binaries, false);
  if (options.trusts !== undefined) {
    await appendFile(path.join(place.clusterDir, 'pg_hba.conf'), `host all all ${options.trusts} trust\n`);
  }
  linkVisiblePath(place);
  createSocketDir(place);
  const port = options.port ?? 5432;
  const connection = { host: place.socketDir, port, user: USER, database: 'postgres' };
  const tls = options.certificate === undefined ? {} : await tlsSettings(directory, options.certificate, place.runAs);
  const settings = { ...SETTINGS, ...options.settings, ...tls, port: String(port) };
  const start = (): Promise<void> => untilReady(connection, () => spawnPostmaster(place, binaries, settings));
  const stopFast = async (): Promise<void> => {
    if (!(await stopServer(place.clusterDir))) throw new Error('Postgres did not stop');
  };
  const pid = (): number => {
    const lock = readLockFile(place.clusterDir);
    if (lock === undefined) throw new Error('Postgres does not run');
    return lock.pid;
  };
  await start();
  return {
    url: `postgres://${USER}@/postgres?host=${encodeURIComponent(place.socketDir)}&port=${port}`,
    connection,
    pid,
    start,
    stopFast,
    kill: async () => {
      const running = pid();
      const client = new Client({ ...connection, ssl: false });
      client.on('error', () => undefined);
      await client.connect();
      // We do not use `once`, which treats the error before the end as a failure.
      const cut = new Promise<void>((resolve) => client.once('end', resolve));
      process.kill(running, 'SIGKILL');
      await cut;
    },
    remove: async () => {
      await stopFast();
      await rm(directory, { recursive: true, force: true });
      if (!place.clusterDir.startsWith(directory)) await rm(path.dirname(place.clusterDir), { recursive: true });
    },
  };
}
