import { readFileSync } from 'node:fs';
import { lstat, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { startProcess } from '../measure/processes';
import type { Resources } from '../measure/resources';

/** The account that pushes; the first administrator. */
export const USER = { name: 'bench', password: 'bench password' };

export const BASIC = `Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString('base64')}`;

const PROGRAM = path.join(__dirname, '../../../bin/drydock.js');
const START_TIMEOUT_MS = 60_000;

/** A Drydock of our own: built, empty, on its embedded Postgres. */
export interface Drydock {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  /** Runs SQL statements on its database. */
  sql(...statements: readonly string[]): Promise<void>;
}

/** The postmaster's lock file says where its socket is: line 1 the pid, 4 the port, 5 the socket's folder. */
function lockFile(dataDir: string): string[] {
  return readFileSync(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');
}

async function runSql(dataDir: string, statements: readonly string[]): Promise<void> {
  const [, , , port, host] = lockFile(dataDir);
  const client = new Client({ host: host ?? '', port: Number(port), user: 'drydock', database: 'drydock' });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A killed Drydock leaves its Postgres behind, and one below a hidden folder keeps its cluster elsewhere. */
async function endPostgres(dataDir: string): Promise<void> {
  try {
    process.kill(Number(lockFile(dataDir)[0]), 'SIGINT');
  } catch {
    // No lock file or no such process: it has ended as it should.
  }
  const cluster = path.join(dataDir, 'postgres');
  const stats = await lstat(cluster).catch(() => undefined);
  if (stats?.isSymbolicLink() === true) {
    await rm(path.dirname(await realpath(cluster)), { recursive: true, force: true });
  }
}

/** @param environment - the settings of the variant and of the row */
export async function startDrydock(
  resources: Resources,
  environment: Readonly<Record<string, string>>,
): Promise<Drydock> {
  const dataDir = await resources.makeDir('data');
  resources.onEnd(() => endPostgres(dataDir));
  const server = startProcess(resources, {
    file: process.execPath,
    args: [...nodeOptions(), PROGRAM, 'serve'],
    cwd: dataDir,
    env: {
      PORT: '0',
      LOG_LEVEL: 'error',
      DRYDOCK_DATA_DIR: dataDir,
      DRYDOCK_ADMIN_USERNAME: USER.name,
      DRYDOCK_ADMIN_PASSWORD: USER.password,
      ...environment,
    },
  });
  const match = await server.waitForLine(/Drydock listens on (http:\/\/\S+)/, START_TIMEOUT_MS);
  const url = match[1] ?? '';
  return {
    url,
    port: Number(new URL(url).port),
    pid: server.pid,
    dataDir,
    sql: (...statements) => runSql(dataDir, statements),
  };
}

/** For profiling: `DRYDOCK_BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=/tmp/profiles"`. */
function nodeOptions(): string[] {
  return (process.env['DRYDOCK_BENCH_NODE_OPTIONS'] ?? '').split(' ').filter((option) => option !== '');
}
