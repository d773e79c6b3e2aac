import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { startProcess, type Command } from '../measure/processes';
import type { Resources } from '../measure/resources';

/** The account that pushes; the first administrator. */
export const USER = { name: 'bench', password: 'bench password' };

export const BASIC = `Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString('base64')}`;

const PROGRAM = path.join(__dirname, '../../../bin/drydock.js');
const START_TIMEOUT_MS = 60_000;
const POSTGRES_TRIES = 100;

/** A new Drydock: built, empty, on its embedded Postgres. */
export interface Drydock {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** the server, and its Postgres, which is not a child of it */
  readonly pids: readonly number[];
  readonly dataDir: string;
  /** Runs SQL statements on its database. */
  sql(...statements: readonly string[]): Promise<void>;
  /** The number that a query returns. */
  count(query: string): Promise<number>;
  /** The rows that a query returns. */
  rows<T extends QueryResultRow>(query: string): Promise<T[]>;
  /** Runs statements on one connection, which keeps its settings. */
  session(work: (run: (statement: string) => Promise<QueryResultRow[]>) => Promise<void>): Promise<void>;
}

/** The postmaster's lock file says where its socket is: line 4 has the port, 5 the folder. */
function lockFile(dataDir: string): string[] {
  return readFileSync(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');
}

/** Connects as the owner of the cluster for as long as the work takes. */
async function withClient<T>(dataDir: string, work: (client: Client) => Promise<T>): Promise<T> {
  const [, , , port, host] = lockFile(dataDir);
  const client = new Client({ host: host ?? '', port: Number(port), user: 'drydock', database: 'drydock' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The running Postgres programs of this data directory; only the first of them has it in its command line. */
function postgresOf(dataDir: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return (
        /[/](postgres|initdb)$/.test(program) && args.some((arg) => arg.startsWith(path.join(dataDir, 'postgres')))
      );
    } catch {
      return false; // it has just ended
    }
  });
}

/** A Drydock that was ended during its start, or killed, leaves its Postgres running. */
async function endPostgres(dataDir: string): Promise<void> {
  for (let tries = 0; tries < POSTGRES_TRIES; tries += 1) {
    const pids = postgresOf(dataDir);
    if (pids.length === 0) break;
    for (const pid of pids) process.kill(pid, 'SIGINT');
    await sleep(100);
  }
}

/** Another built checkout to compare with: `DRYDOCK_BENCH_BASE=/path/to/checkout`; undefined: none. */
export function baseProgram(): string | undefined {
  const folder = process.env['DRYDOCK_BENCH_BASE'];
  return folder === undefined ? undefined : path.join(folder, 'bin/drydock.js');
}

/** A command of Drydock on a data directory. */
export function drydockCommand(
  args: readonly string[],
  dataDir: string,
  environment: Readonly<Record<string, string>> = {},
  program = PROGRAM,
): Command {
  return {
    file: process.execPath,
    args: [...nodeOptions(), program, ...args],
    cwd: dataDir,
    env: { LOG_LEVEL: 'error', DRYDOCK_DATA_DIR: dataDir, ...environment },
  };
}

/**
 * @param environment - the settings of the variant and of the row
 * @param program - the command of the server
 */
export async function startDrydock(
  resources: Resources,
  environment: Readonly<Record<string, string>>,
  program = PROGRAM,
): Promise<Drydock> {
  const dataDir = await resources.createDir('data');
  resources.onEnd(() => endPostgres(dataDir));
  const admin = { DRYDOCK_ADMIN_USERNAME: USER.name, DRYDOCK_ADMIN_PASSWORD: USER.password };
  const server = startProcess(
    resources,
    drydockCommand(['serve'], dataDir, { PORT: '0', ...admin, ...environment }, program),
  );
  const match = await server.waitForLine(/Drydock listens on (http:\/\/\S+)/, START_TIMEOUT_MS);
  const url = match[1] ?? '';
  return {
    url,
    port: Number(new URL(url).port),
    pid: server.pid,
    pids: [server.pid, Number(lockFile(dataDir)[0])],
    dataDir,
    sql: (...statements) =>
      withClient(dataDir, async (client) => {
        for (const statement of statements) await client.query(statement);
      }),
    count: (query) =>
      withClient(dataDir, async (client) => {
        const { rows } = await client.query<unknown[]>({ text: query, rowMode: 'array' });
        return Number(rows[0]?.[0]);
      }),
    rows: <T extends QueryResultRow>(query: string) =>
      withClient(dataDir, async (client) => (await client.query<T>(query)).rows),
    session: (work) =>
      withClient(dataDir, (client) => work(async (statement) => (await client.query<QueryResultRow>(statement)).rows)),
  };
}

/** For profiling: `DRYDOCK_BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=/tmp/profiles"`. */
function nodeOptions(): string[] {
  return (process.env['DRYDOCK_BENCH_NODE_OPTIONS'] ?? '').split(' ').filter((option) => option !== '');
}
