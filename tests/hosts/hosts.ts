import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BlobStore } from '../../src/blobs/blob-store';
import { Bucket } from '../../src/blobs/s3/bucket';
import { QUARANTINE } from '../../src/blobs/s3/object-keys';
import { S3BlobStore } from '../../src/blobs/s3/s3-blob-store';
import type { Context } from '../../src/context';
import { ensureTokenKey } from '../../src/features/accounts/token-key';
import { query } from '../../src/platform/db/query';
import { closeWorkshops } from '../../src/workshops';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { freePort } from '../helpers/free-port';
import { startHaproxy, type Haproxy } from '../helpers/haproxy';
import { isInstalled } from '../helpers/installed';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { createTestContext } from '../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';
import type { StoredFiles } from '../reliability/recount';

/*
 * Several servers as on several machines: each has a process, a port, a data directory and a clock of its own. They share
 * nothing but a database and a bucket. A HAProxy with the sample of `deploy/` gives them the requests in turns.
 */

/** Whether the programs are installed that several hosts need. */
export function areHostsInstalled(): boolean {
  return [isS3Installed(), isInstalled('haproxy', '-v')].every(Boolean);
}

/** One of the servers. */
export interface Host {
  readonly url: string;
  /** for the helpers that take a server */
  readonly server: string;
  /** its log, from errors on, of all its processes so far */
  readonly log: readonly string[];
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and with the same data directory. */
  start(): Promise<void>;
}

/** Several servers behind a proxy; `url`, `host`, `port` and `server` are those of the proxy. */
export interface Hosts {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly server: string;
  readonly hosts: readonly [Host, Host, Host];
  readonly proxy: Haproxy;
  readonly database: TestDatabase;
  readonly bucket: Bucket;
  /** for a recount */
  readonly stored: StoredFiles;
  /** of one more process on the same data, such as a command */
  readonly ctx: Context;
  /** for commands on the same data; it names no data directory */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** How far the clocks of the hosts are ahead of that of the database, in minutes. */
const CLOCKS = [-5, 0, 5] as const;
const SHIFTED_CLOCK = path.join(__dirname, 'shifted-clock.js');

/** What one host has that the others do not. */
export interface HostOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** see `startChildServer` */
  readonly through?: readonly string[];
}

async function startHost(
  environment: Record<string, string>,
  minutesAhead: number,
  { environment: own = {}, through = [] }: HostOptions = {},
): Promise<Host & { close(): Promise<void> }> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-host-'));
  const log: string[] = [];
  const port = await freePort();
  const variables = {
    ...environment,
    PORT: String(port),
    DRYDOCK_DATA_DIR: dataDir,
    NODE_OPTIONS: `--require ${SHIFTED_CLOCK}`,
    DRYDOCK_TEST_CLOCK_MINUTES: String(minutesAhead),
    ...own,
  };
  const start = (): Promise<ChildServer> => startChildServer(variables, through, (line) => log.push(line));
  let server = await start();
  return {
    url: server.url,
    server: server.url,
    log,
    kill: async () => {
      await server.end('SIGKILL');
    },
    start: async () => {
      server = await start();
    },
    close: async () => {
      if (server.process.exitCode === null && server.process.signalCode === null) await server.end('SIGTERM');
      await rm(dataDir, { recursive: true });
    },
  };
}

async function openContext(database: TestDatabase, blobs: BlobStore): Promise<Context> {
  // A manifest that lost its tag is garbage at once, as a recount counts it.
  const ctx = createTestContext(database.db, { blobs, settings: { keepUntaggedMs: 0 } });
  (await ensureTokenKey(ctx)).copy(ctx.tokenKey);
  return ctx;
}

/** The objects of a bucket, and its multipart uploads. */
function objectsOf(s3: S3Server, name: string, bucket: Bucket, { db }: TestDatabase): StoredFiles {
  const keys = async (folder: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of bucket.list(folder)) found.push(...page.map(({ key }) => key));
    return found;
  };
  const tails = async (): Promise<Set<string>> => {
    const rows = await query<{ key: string }>(
      db,
      'select key from resumable_writes union all select tail_key from resumable_writes where tail_key is not null',
    );
    return new Set(rows.map(({ key }) => key));
  };
  return {
    stored: async () => {
      const unfinished = await tails();
      const isBlob = (key: string): boolean => key.includes('/') && !key.startsWith(QUARANTINE);
      return (await keys('')).filter((key) => isBlob(key) && !unfinished.has(key));
    },
    unfinished: async () => [...(await tails()), ...(await s3.uploadsOf(name))],
    quarantined: () => keys(QUARANTINE),
  };
}

async function openBucket({ endpoint, credentials }: S3Server, name: string): Promise<Bucket> {
  const how = { region: 'us-east-1', isPathStyle: true, encryption: undefined };
  return Bucket.open({ bucket: name, prefix: 'hub/', endpoint, credentials, ...how });
}

/** How the hosts differ from the usual ones. */
export interface HostsOptions {
  /** variables of all of them */
  readonly environment?: Readonly<Record<string, string>>;
  /** undefined: one of the run, with today's schema */
  readonly database?: TestDatabase;
  /** where the hosts reach the store; undefined: directly */
  readonly storeEndpoint?: string;
  /** the last of the three */
  readonly third?: HostOptions;
}

/** Starts three servers on a database and a bucket, and a proxy. */
export async function startHosts(options: HostsOptions = {}): Promise<Hosts> {
  const s3 = await startS3Server();
  const database = options.database ?? (await createTestDatabase());
  const name = await s3.createBucket();
  const environment = {
    DATABASE_URL: database.url,
    DRYDOCK_STORAGE: `s3://${name}/hub`,
    DRYDOCK_S3_ENDPOINT: options.storeEndpoint ?? s3.endpoint,
    DRYDOCK_S3_PATH_STYLE: 'on',
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    DRYDOCK_TRUSTED_PROXIES: '127.0.0.1,10.231.0.0/16',
    DRYDOCK_REGISTRATIONS_PER_HOUR: '1000',
    DRYDOCK_ADMIN_USERNAME: 'keeper', // the tests have their own admin
    DRYDOCK_ADMIN_PASSWORD: 'keeper-pw',
    ...options.environment,
  };
  const [slow, exact, fast] = CLOCKS;
  const hosts = await Promise.all([
    startHost(environment, slow),
    startHost(environment, exact),
    startHost(environment, fast, options.third),
  ]);
  const proxy = await startHaproxy(hosts.map(({ url }) => url));
  const bucket = await openBucket(s3, name);
  const ctx = await openContext(database, new S3BlobStore(bucket, database.db));
  return {
    url: proxy.url,
    host: `127.0.0.1:${proxy.port}`,
    port: proxy.port,
    server: proxy.url,
    hosts,
    proxy,
    database,
    bucket,
    stored: objectsOf(s3, name, bucket, database),
    ctx,
    environment,
    close: async () => {
      await proxy.close();
      await Promise.all(hosts.map((host) => host.close()));
      await closeWorkshops(ctx);
      bucket.close();
      await database.drop();
      await s3.close();
    },
  };
}
