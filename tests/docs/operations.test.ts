import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { expectBoth, pushBoth, type Pushed } from '../helpers/backups';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { createDataDir, removeDataDir } from '../helpers/data-dir';
import { commandsOf } from '../helpers/document-section';
import { startPull } from '../helpers/images';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';

/* The recipes of docs/OPERATIONS.md, in the order in which an operator may need them, each with the commands as printed. */

const run = promisify(execFile);
const ROOT = path.join(__dirname, '../..');

const recipe = (heading: string): string[] => commandsOf('docs/OPERATIONS.md', heading);

/** A folder whose `npx` runs the program of this checkout. */
async function createPath(home: string): Promise<string> {
  const bin = path.join(home, 'bin');
  await mkdir(bin);
  const program = path.join(ROOT, 'bin/drydock.js');
  await writeFile(path.join(bin, 'npx'), `#!/bin/sh\nshift\nexec "${process.execPath}" "${program}" "$@"\n`);
  await chmod(path.join(bin, 'npx'), 0o755);
  return `${bin}:${process.env['PATH'] ?? ''}`;
}

let home: string;
let PATH: string;
let server: ChildServer;
let pushed: Pushed;
let database: TestDatabase;
const at = (name: string): string => path.join(home, name);

beforeAll(async () => {
  home = await createDataDir('operations');
  PATH = await createPath(home);
  database = await createTestDatabase('template0');
  const administrator = { DRYDOCK_ADMIN_USERNAME: 'alice', DRYDOCK_ADMIN_PASSWORD: 'alicepw' };
  server = await startChildServer({ DRYDOCK_DATA_DIR: at('data'), DRYDOCK_WORKERS: '2', ...administrator });
  pushed = await pushBoth(server);
});
afterAll(async () => {
  await server.end('SIGTERM');
  await database.drop();
  for (const name of ['data', 'restored', 'moved', 'own']) await removeDataDir(at(name));
  await removeDataDir(home);
});

/** Runs commands of the document; resolves to what they printed. */
async function follow(script: string, environment: Record<string, string>): Promise<string> {
  const { stdout } = await run('sh', ['-ec', script], { env: { PATH, BACKUP: at('backup'), ...environment } });
  return stdout;
}

async function expectServes(environment: Record<string, string>): Promise<void> {
  const other = await startChildServer(environment);
  await expectBoth(other, pushed);
  await other.end('SIGTERM');
}

it('back up and restore, next to a running server with the embedded Postgres', async () => {
  const script = recipe('Back up and restore').join('');
  const printed = await follow(script, { DRYDOCK_DATA_DIR: at('data'), NEW_DATA: at('restored') });
  expect(printed).toMatch(
    /^Backed up: .*\n.*all intact\.\nRestored the backup of .*\n.*read back\.\nUSERNAME .*\nalice /,
  );
  expect((await readdir(home)).filter((name) => /^backup-\d{4}-\d\d-\d\d$/.test(name))).toHaveLength(1);
  await expectServes({ DRYDOCK_DATA_DIR: at('restored') });
});

it('rotate keys, while the server runs', async () => {
  const get = (authorization: string) =>
    request(server.url).get('/v1/repositories/alice/old/tags').set('Authorization', authorization);
  const old = await startPull(server, 'alice/old', 'alice');
  await get(old).expect(200);
  expect(await follow(recipe('Rotate keys').join(''), { DRYDOCK_DATA_DIR: at('data') })).toBe(
    'The key was replaced; 0 second factors, 0 build sources and 0 linked accounts sealed with the new one.\n',
  );
  // On a busy machine one worker may answer many requests in a row, and each looks for a new key every five seconds.
  const bothHaveLookedAt = Date.now() + 8000;
  for (let refused = 0; refused < 10 || Date.now() < bothHaveLookedAt; await sleep(50)) {
    refused = (await get(old)).status === 401 ? refused + 1 : 0;
  }
  await expectBoth(server, pushed);
});

it('move to another host', async () => {
  const [onTheOld = '', onTheNew = '', ...others] = recipe('Move to another host');
  expect(others).toEqual([]);
  await follow(onTheOld, { DRYDOCK_DATA_DIR: at('data') });
  await cp(at('backup'), at('copied'), { recursive: true });
  const printed = await follow(onTheNew, { DRYDOCK_DATA_DIR: at('moved'), BACKUP: at('copied') });
  expect(printed).toMatch(/read back\.\n.*\nalice\/new .*\nalice\/old /);
});

it('from the embedded Postgres to another one', async () => {
  const script = recipe('Use your own Postgres').join('');
  const own = { DRYDOCK_DATA_DIR: at('own'), DATABASE_URL: database.url };
  const printed = await follow(script, {
    DRYDOCK_DATA_DIR: at('data'),
    NEW_DATA: own.DRYDOCK_DATA_DIR,
    NEW_DATABASE: own.DATABASE_URL,
  });
  expect(printed).toMatch(/^Backed up: .*\nRestored the backup of .*\n.*read back\.\nUSERNAME .*\nalice /);
  await expectServes(own);
});
