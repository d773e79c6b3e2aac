import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyBackup } from '../../src/features/backups/verify';
import type { Db } from '../../src/platform/db/db';
import { createBackupFolder, createEmptyPlace, expectChain, type EmptyPlace } from '../helpers/backups';
import { startChildServer } from '../helpers/child-server';
import { runInProcess } from '../helpers/command-in-process';
import { createImage, pushImages, type TestImage } from '../helpers/images';
import { startKillableServer, type KillableServer } from '../helpers/killable-server';
import { startCommand } from '../helpers/run-command';
import { seededRandom } from '../helpers/seeded-random';
import { expectBytesForEveryRow } from './stored-bytes';

/** How often each of the two is killed in the middle. */
const KILLS = 20;
const LAYERS = 40;
const LAYER_BYTES = 512 * 1024;

const random = seededRandom(20261129);

let place: KillableServer;
let environment: Record<string, string>;
let chain: TestImage[];
let folder: string;
let removeFolder: () => Promise<void>;
beforeAll(async () => {
  place = await startKillableServer();
  environment = { DATABASE_URL: place.database.url, DRYDOCK_DATA_DIR: path.dirname(place.blobDir) };
  ({ folder, remove: removeFolder } = await createBackupFolder());
  chain = [];
  for (let at = 0; at < LAYERS; at += 1) {
    const parent = chain.at(-1)?.id;
    chain.push(createImage({ layer: randomBytes(LAYER_BYTES), ...(parent === undefined ? {} : { parent }) }));
  }
  await pushImages(place.server, 'alice/app', chain);
});
afterAll(async () => {
  await place.close();
  await removeFolder();
});

/** Runs a command to its end. @returns how long it took */
async function complete(args: readonly string[], env: Record<string, string>): Promise<number> {
  const before = performance.now();
  const { code, stderr } = await startCommand(args, env).ended;
  expect([code, stderr.replaceAll(/^(?:Copied|Read back) .*\n/gm, '')]).toEqual([0, '']);
  return performance.now() - before;
}

/** Kills a command at a random moment. @returns whether that was before its end */
async function cutOff(args: readonly string[], env: Record<string, string>, usualMs: number): Promise<boolean> {
  const command = startCommand(args, env);
  // Before that the program is only being loaded.
  const end = sleep(usualMs * (0.25 + 0.7 * random())).then(() => command.process.kill('SIGKILL'));
  const { code, stderr } = await command.ended;
  await end;
  expect([code, stderr.replaceAll(/^(?:Copied|Read back) .*\n/gm, '')]).toEqual([code, '']);
  return code === null;
}

/** Whether a restore into this database is complete. */
async function isWhole(db: Db): Promise<boolean> {
  return (await db.schema.hasTable('blobs')) && !(await db.schema.hasTable('unfinished_restore'));
}

it(`${KILLS} kills in the middle of a backup leave the server as it is, and the next run completes it`, async () => {
  let usualMs = await complete(['backup', path.join(folder, 'first')], environment);
  let kills = 0;
  for (let round = 0; kills < KILLS; round += 1) {
    expect(round).toBeLessThan(4 * KILLS);
    const target = path.join(folder, `backup-${Math.floor(kills / 4)}`);
    if (await cutOff(['backup', target], environment, usualMs)) kills += 1;
    const { problems } = await verifyBackup(target).catch((error: unknown) => {
      expect(String(error)).toContain('does not hold a complete backup');
      return { problems: [] };
    });
    expect(problems).toEqual([]);
    if (kills % 4 !== 0) continue;
    usualMs = await complete(['backup', target], environment);
    const { manifest, problems: left } = await verifyBackup(target);
    expect([left, manifest.layers.count, manifest.damaged]).toEqual([[], LAYERS, []]);
  }
  await expectChain(place.server, 'alice/app', chain);
});

it(`${KILLS} kills in the middle of a restore leave the backup as it is, and the next run completes it`, async () => {
  const target = path.join(folder, 'first');
  const places: EmptyPlace[] = [];
  try {
    const nextPlace = async (): Promise<EmptyPlace> => {
      const created = await createEmptyPlace();
      places.push(created);
      return created;
    };
    let usualMs = await complete(['restore', target], (await nextPlace()).environment);
    let kills = 0;
    for (let round = 0; kills < KILLS; round += 1) {
      expect(round).toBeLessThan(4 * KILLS);
      const { environment: env, database, dataDir } = await nextPlace();
      let isCut = true;
      for (let inPlace = 0; inPlace < 4 && isCut && kills < KILLS; inPlace += 1) {
        isCut = await cutOff(['restore', target], env, usualMs);
        if (!isCut) continue;
        kills += 1;
        isCut = !(await isWhole(database.db)); // killed when all was done, but for its last words
      }
      if (isCut && (await database.db.schema.hasTable('unfinished_restore'))) {
        const { stderr } = await runInProcess(['migrate'], env);
        expect(stderr).toContain('was interrupted: run drydock restore again');
      }
      if (isCut) usualMs = Math.max(usualMs / 2, await complete(['restore', target, '--verify'], env));
      await expect(expectBytesForEveryRow(database.db, path.join(dataDir, 'blobs'))).resolves.toBe(LAYERS);
    }
    const last = await startChildServer(places.at(-1)!.environment);
    await expectChain(last, 'alice/app', chain);
    await last.end('SIGTERM');
  } finally {
    for (const one of places) await one.remove();
  }
  await expect(verifyBackup(target)).resolves.toMatchObject({ problems: [] });
});
