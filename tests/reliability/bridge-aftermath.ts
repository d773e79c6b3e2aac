import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FilesystemBlobStore } from '../../src/blobs/filesystem';
import { OPERATOR } from '../../src/features/audit/audit';
import { collectGarbage } from '../../src/features/images/gc';
import { sweep } from '../../src/jobs';
import type { KillableServer } from '../helpers/killable-server';
import { queuedJobs } from '../helpers/run-jobs';
import { createTestContext } from '../helpers/test-context';
import { queueJob } from './bridge-work';
import { NOTHING_LEFT, recount } from './recount';
import { expectBytesForEveryRow } from './stored-bytes';

/* What must hold of a server and its data after kills. */

async function untilQueueIsEmpty({ database }: KillableServer): Promise<void> {
  for (let tries = 0; tries < 600 && (await queuedJobs(database)).length > 0; tries += 1) await sleep(100);
  expect(await queuedJobs(database)).toEqual([]);
}

/** Waits until all jobs have ended, those of killed servers among them, and until the bridge has nothing left to do. */
export async function finishJobs(place: KillableServer): Promise<void> {
  const { db } = place.database;
  await place.server.end('SIGTERM');
  // They are given back after a minute.
  await db.raw(`update graphile_worker._private_jobs set locked_at = locked_at - interval '1 hour'`);
  await place.restart();
  await untilQueueIsEmpty(place);
  for (const name of ['derive_images', 'describe_layers']) {
    await queueJob(db, name);
    await untilQueueIsEmpty(place);
  }
}

/** Frees everything that nothing refers to, at any age; then nothing is left over, lost or damaged. */
export async function expectNothingLeft({ database: { db }, blobDir }: KillableServer): Promise<void> {
  const ctx = createTestContext(db, { blobs: new FilesystemBlobStore(blobDir), settings: { keepUntaggedMs: 0 } });
  await collectGarbage(ctx, { olderThanMs: 0, dryRun: false, doer: OPERATOR });
  await sweep(ctx, 0, { deadAfterMs: 0, abandonedAfterMs: 0 });
  expect(await recount(db, blobDir)).toEqual(NOTHING_LEFT);
  expect(await expectBytesForEveryRow(db, blobDir)).toBeGreaterThan(0);
}

/** Ends the server. Its log, and that of those before it, has no error: a kill does not leave any. */
export async function expectNoErrors(place: KillableServer): Promise<void> {
  expect(await place.server.end('SIGTERM')).toBe(0);
  if (place.server.process.stdout !== null) await finished(place.server.process.stdout);
  expect(place.log.filter((line) => !line.startsWith('Drydock listens on '))).toEqual([]);
}
