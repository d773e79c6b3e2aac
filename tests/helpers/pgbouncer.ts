import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { isRoot, NOBODY } from '../../src/platform/db/embedded/run-as';
import { freePort } from './free-port';
import { DAEMON_PATH } from './installed';
import type { OwnPostgres } from './own-postgres';

/** A PgBouncer in front of a Postgres of a test. */
export interface PgBouncer {
  /** for `DATABASE_URL` */
  readonly url: string;
  close(): Promise<void>;
}

async function untilItAnswers(url: string, hasEnded: () => boolean): Promise<void> {
  for (;;) {
    if (hasEnded()) throw new Error('PgBouncer ended before it answered');
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    const isUp = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    if (isUp) return;
    await sleep(20);
  }
}

/**
 * Starts a PgBouncer in front of the database `postgres` of a server.
 *
 * @param settings - lines of its section `pgbouncer`: `pool_mode=session` …
 */
export async function startPgBouncer(postgres: OwnPostgres, settings: readonly string[]): Promise<PgBouncer> {
  const { host, port: postgresPort, user, database } = postgres.connection;
  const port = await freePort();
  const dir = await mkdtemp(path.join(tmpdir(), 'drydock-pgbouncer-'));
  await chmod(dir, 0o755);
  const file = path.join(dir, 'pgbouncer.ini');
  const lines = [
    '[databases]',
    `${database} = host=${host} port=${postgresPort} user=${user} dbname=${database}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    ...settings,
  ];
  await writeFile(file, lines.join('\n'), { mode: 0o644 });
  const child = spawn('pgbouncer', [file], {
    env: { PATH: DAEMON_PATH },
    stdio: ['ignore', 'ignore', 'ignore'],
    ...(isRoot() ? NOBODY : {}), // it refuses to run as root
  });
  const ended = once(child, 'exit');
  const url = `postgres://${user}@127.0.0.1:${port}/${database}`;
  await untilItAnswers(url, () => child.exitCode !== null);
  return {
    url,
    close: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
