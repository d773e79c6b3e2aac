import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { createBackupFolder, expectChain, expectImage, type Pushed } from '../helpers/backups';
import { startChildServer } from '../helpers/child-server';
import { createDataDir, removeDataDir } from '../helpers/data-dir';
import { createImage, pushImages, type TestImage } from '../helpers/images';
import { describeInstalled, isInstalled } from '../helpers/installed';
import { startKillableServer, type KillableServer } from '../helpers/killable-server';
import { startOwnPostgres } from '../helpers/own-postgres';
import { startCommand } from '../helpers/run-command';
import { pushImage } from '../helpers/v2-client';

/* The whole of it: a backup while clients push over both protocols and gc runs, restored in two other places. */

const DEBIAN = '/usr/lib/postgresql/15/bin';
const LAYER_BYTES = 64 * 1024;
const BEFORE = 6;

let place: KillableServer;
let environment: Record<string, string>;
let folder: string;
let removeFolder: () => Promise<void>;

/** What was pushed completely before the backup began. */
const old: { readonly repository: string; readonly chain: readonly TestImage[] }[] = [];
const now: { readonly repository: string; readonly image: Pushed['image'] }[] = [];

async function run(args: readonly string[], env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await startCommand(args, env).ended;
  expect([stderr.replaceAll(/^(?:Copied|Read back) .*\n/gm, ''), code]).toEqual(['', 0]);
  return stdout;
}

async function pushOld(repository: string): Promise<void> {
  const base = createImage({ layer: randomBytes(LAYER_BYTES) });
  const chain = [base, createImage({ parent: base.id, layer: randomBytes(LAYER_BYTES) })];
  await pushImages(place.server, repository, chain);
  old.push({ repository, chain });
}

async function pushNow(repository: string): Promise<void> {
  const image = await pushImage(place.server, repository, 'latest', { layer: randomBytes(LAYER_BYTES) });
  now.push({ repository, image });
}

/** Pushes without a pause until it is stopped; every other push replaces a tag, so that gc has something to free. */
async function keepPushing(push: (repository: string) => Promise<void>, name: string, isOver: () => boolean) {
  let count = 0;
  for (; !isOver(); count += 1) await push(`alice/${name}${count % 2 === 0 ? count : 'replaced'}`);
  return count;
}

beforeAll(async () => {
  place = await startKillableServer();
  environment = { DATABASE_URL: place.database.url, DRYDOCK_DATA_DIR: path.dirname(place.blobDir) };
  ({ folder, remove: removeFolder } = await createBackupFolder());
  for (let at = 0; at < BEFORE; at += 1) {
    await pushOld(`alice/old${at}`);
    await pushNow(`alice/now${at}`);
  }
  const [completeOld, completeNow] = [old.length, now.length];
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;
  const pushing = [keepPushing(pushOld, 'later', isOver), keepPushing(pushNow, 'latest', isOver)];
  const collecting = (async () => {
    while (!isOver()) await run(['gc', '--older-than', '0'], environment);
  })();
  await run(['backup', path.join(folder, 'backup')], environment);
  await run(['backup', path.join(folder, 'backup')], environment);
  over.abort();
  await collecting;
  for (const count of await Promise.all(pushing)) expect(count).toBeGreaterThan(0);
  old.length = completeOld;
  now.length = completeNow;
});
afterAll(async () => {
  await place.close();
  await removeFolder();
});

/** Restores, and pulls what was pushed before the backup began. */
async function expectRestored(env: Record<string, string>): Promise<void> {
  const target = path.join(folder, 'backup');
  await expect(run(['verify-backup', target], {})).resolves.toMatch(/all intact/);
  await expect(run(['restore', target, '--verify'], env)).resolves.toMatch(/all layers were read back/);
  const server = await startChildServer(env);
  try {
    for (const { repository, chain } of old) await expectChain(server, repository, chain);
    for (const { repository, image } of now) await expectImage(server, repository, image);
  } finally {
    await server.end('SIGTERM');
  }
}

it('passes its verification on another data directory with a Postgres of its own', async () => {
  const dataDir = await createDataDir('restored');
  try {
    await expectRestored({ DRYDOCK_DATA_DIR: dataDir });
  } finally {
    await removeDataDir(dataDir);
  }
});

describeInstalled(
  isInstalled(path.join(DEBIAN, 'postgres'), '--version', 'postgresql-15'),
  "another version of Postgres, Debian's 15",
  () => {
    it('passes its verification there', async () => {
      const postgres = await startOwnPostgres({ binaries: { binDir: DEBIAN, major: 15 } });
      const dataDir = await createDataDir('restored');
      try {
        await expectRestored({ DATABASE_URL: postgres.url, DRYDOCK_DATA_DIR: dataDir });
      } finally {
        await postgres.remove();
        await removeDataDir(dataDir);
      }
    });
  },
);
