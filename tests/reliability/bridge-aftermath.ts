import { finished } from 'node:stream/promises';
import { FilesystemBlobStore } from '../../src/blobs/filesystem';
import { OPERATOR } from '../../src/features/audit/audit';
import { collectGarbage } from '../../src/features/images/gc';
import { sweep } from '../../src/jobs';
import type { KillableServer } from '../helpers/killable-server';
import { createTestContext } from '../helpers/test-context';
import { within } from './bridge-waits';
import { NOTHING_LEFT, recount } from './recount';
import { expectBytesForEveryRow } from './stored-bytes';

/* What must hold of a server and its data after kills. */

/** Frees everything that nothing refers to, at any age; then nothing is left over, lost or damaged. */
export async function expectNothingLeft({ database: { db }, blobDir }: KillableServer): Promise<void> {
  const ctx = createTestContext(db, { blobs: new FilesystemBlobStore(blobDir), settings: { keepUntaggedMs: 0 } });
  await collectGarbage(ctx, { olderThanMs: 0, dryRun: false, doer: OPERATOR });
  await sweep(ctx, 0, { deadAfterMs: 0, abandonedAfterMs: 0 });
  expect(await recount(db, blobDir)).toEqual(NOTHING_LEFT);
  expect(await expectBytesForEveryRow(db, blobDir)).toBeGreaterThan(0);
}

/** Ends the server. Its log, and that of those before it, has no error: a kill does not leave any. */
export async function expectNoErrors({ server, log }: KillableServer): Promise<void> {
  expect(await within('the end of the server', server.end('SIGTERM'))).toBe(0);
  if (server.process.stdout !== null) await within('the end of the log', finished(server.process.stdout));
  expect(log.filter((line) => !line.startsWith('Drydock listens on '))).toEqual([]);
}
