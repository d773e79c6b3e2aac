import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLockFile } from '../../src/platform/db/embedded/lock-file';
import { isProcessAlive } from '../../src/platform/process/signals';
import { createDataDir, removeDataDir } from '../helpers/data-dir';
import { startCommand, type RunningCommand } from '../helpers/run-command';
import { createTestDatabase } from '../helpers/test-database';
import { waitUntil } from '../helpers/wait-until';

/* A signal before the server listens stops everything that was started by then. */

let dataDir: string;
let commands: RunningCommand[];
beforeEach(async () => {
  dataDir = await createDataDir('early');
  commands = [];
});
afterEach(async () => {
  for (const { process, ended } of commands) {
    process.kill('SIGKILL');
    await ended;
  }
  await removeDataDir(dataDir);
});

function start(args: string[], environment: Record<string, string> = {}): RunningCommand {
  const common = { DRYDOCK_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'error' };
  const command = startCommand(args, { ...common, ...environment });
  commands.push(command);
  return command;
}

/** Polls as fast as it can, because some moments are short. */
async function until(moment: () => boolean | Promise<boolean>, command: RunningCommand): Promise<void> {
  for (const giveUpAt = Date.now() + 20_000; !(await moment());) {
    if (Date.now() > giveUpAt || command.process.exitCode !== null) throw new Error('the moment did not come');
    await sleep(1);
  }
}

const lockFile = () => readLockFile(path.join(dataDir, 'postgres'));
const MOMENTS: Readonly<Record<string, (command: RunningCommand) => Promise<unknown>>> = {
  'while the cluster is created': (command) =>
    until(() => readdirSync(dataDir).some((name) => name.startsWith('postgres.init-')), command),
  'when the cluster is created': (command) => until(() => existsSync(path.join(dataDir, 'postgres')), command),
  'while Postgres starts': (command) => until(() => lockFile() !== undefined, command),
  'when Postgres has started': (command) => until(() => lockFile()?.status === 'ready', command),
  'when the schema is ready': (command) => command.waitFor(/The administrator is/),
};

/** Checks that nothing is running, and nothing is half done. */
async function expectNothingLeft(pid: number | undefined): Promise<void> {
  expect(lockFile()).toBeUndefined();
  await waitUntil('the end of Postgres', () => pid === undefined || !isProcessAlive(pid));
  expect(readdirSync(dataDir).filter((name) => !['blobs', 'postgres', 'postgres.log'].includes(name))).toEqual([]);
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it.each(Object.keys(MOMENTS))('%s stops everything that was started (R42)', async (moment) => {
    const command = start(['serve'], { DRYDOCK_WORKERS: '2' });
    await MOMENTS[moment]!(command);
    const pid = lockFile()?.pid;
    command.process.kill(signal);
    expect(await command.ended).toMatchObject({ code: 0, stdout: expect.not.stringContaining('listens'), stderr: '' });
    await expectNothingLeft(pid);
  });

  it('ends a command like any other program, after everything that it started has stopped (R43)', async () => {
    const command = start(['migrate']);
    await MOMENTS['while Postgres starts']!(command);
    const pid = lockFile()?.pid;
    command.process.kill(signal);
    expect(await command.ended).toEqual({ code: null, stdout: '', stderr: '' });
    expect(command.process.signalCode).toBe(signal);
    await expectNothingLeft(pid);
  });
});

it('SIGTERM ends the wait for another process that migrates (R42)', async () => {
  const database = await createTestDatabase('template1');
  const waits = async (): Promise<boolean> => {
    const { rows } = await database.db.raw<{ rows: unknown[] }>(
      `select from pg_locks join pg_database on pg_database.oid = database
       where locktype = 'advisory' and not granted and datname = current_database()`,
    );
    return rows.length > 0;
  };
  try {
    await database.db.transaction(async (other) => {
      await other.raw('select pg_advisory_xact_lock(4207202)');
      const command = start(['serve'], { DATABASE_URL: database.url });
      await until(waits, command);
      command.process.kill('SIGTERM');
      expect(await command.ended).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await waits()).toBe(false);
    });
  } finally {
    await database.drop();
  }
});

it('SIGTERM ends the wait for a database (R42)', async () => {
  const command = start(['serve'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', LOG_LEVEL: 'warn' });
  await command.waitFor(/waiting for the database/);
  command.process.kill('SIGTERM');
  expect(await command.ended).toMatchObject({ code: 0, stderr: '' });
});
