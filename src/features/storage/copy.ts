import type { Place, Places } from '../../blobs/place';
import { inTransaction, type DbConnection } from '../../platform/db/db';
import { trySessionLock } from '../../platform/db/session-lock';
import { AppError } from '../../platform/errors';
import { OPERATOR, recordEvent } from '../audit/audit';
import type { BlobNeeds } from './blobs';
import { CopyRun, type CopyOptions } from './copy-run';
import * as store from './copy.store';
import type { DamagedBlob } from './damage';
import * as places from './places.store';
import { namesOf, othersAtWork, type PlaceIds } from './processes';

/*
 * A copy goes through all blobs, and again until it finds nothing to copy: servers that still write to the old place may
 * have added some. What is in the target is recorded blob by blob, so that a run that was killed continues. The source is
 * never changed, except that damaged bytes are set aside there. When no process writes to the source and nothing is left
 * to copy, the source is no longer a place in use (`places.ts`).
 */

/** Any number works, as long as every version uses the same one. */
const COPY_LOCK = 7_301_006;

const LOST = 'The connection to the database was lost during the copy: run it again, and it continues';

/** The storage of a server, and the places of this process. */
export type CopyNeeds = BlobNeeds & {
  readonly connection: DbConnection;
  readonly places: Places;
  readonly placeIds: PlaceIds;
};

/** The result of a copy. */
export interface CopyReport {
  readonly from: string;
  readonly to: string;
  readonly copied: store.BlobCount;
  /** found in the target by this run */
  readonly present: store.BlobCount;
  /** with the repositories that have them, except in a dry run */
  readonly damaged: readonly DamagedBlob[];
  /** Nothing is needed in the source any longer. */
  readonly isEnd: boolean;
  /** Processes that write to the source. */
  readonly writers: readonly places.ProcessRow[];
  /** Uploads that began in the source and have not ended. */
  readonly unfinishedUploads: number;
}

interface Direction {
  readonly from: Place;
  readonly fromId: string;
  readonly to: Place;
  readonly toId: string;
}

function directionOf({ places: { current, other }, placeIds }: CopyNeeds, toOther: boolean): Direction {
  if (other === undefined || placeIds.other === undefined) {
    throw new AppError(
      'invalid',
      'There is one place only: set DRYDOCK_STORAGE to the new place and DRYDOCK_STORAGE_ALSO to the old one, restart the ' +
        'servers, and run this again with the same settings',
    );
  }
  const [here, there] = [
    { place: current, id: placeIds.current },
    { place: other, id: placeIds.other },
  ];
  const [from, to] = toOther ? [here, there] : [there, here];
  return { from: from.place, fromId: from.id, to: to.place, toId: to.id };
}

async function writersTo(ctx: CopyNeeds, placeId: string): Promise<places.ProcessRow[]> {
  return (await othersAtWork(ctx.db)).filter(({ writesTo }) => writesTo === placeId);
}

/** A process that does not know the target would leave copies there of what it deletes. */
async function assertRead(ctx: CopyNeeds, { to, toId }: Direction): Promise<void> {
  const blind = (await othersAtWork(ctx.db)).filter(({ reads }) => !reads.includes(toId));
  if (blind.length === 0) return;
  const remedy = `set DRYDOCK_STORAGE_ALSO=${to.location} there and restart them first`;
  throw new AppError('conflict', `Layers in ${to.location} would not be found by ${namesOf(blind)}: ${remedy}`);
}

async function countUploads({ store: blobs }: Place): Promise<number> {
  let uploads = 0;
  for await (const _ of blobs.resumable.list()) uploads += 1;
  return uploads;
}

/** @returns the processes that still write to the source; none: it is no longer in use */
async function end(ctx: CopyNeeds, { from, fromId, to }: Direction, run: CopyRun): Promise<places.ProcessRow[]> {
  return inTransaction(ctx.db, async (tx) => {
    await places.lockPlaces(tx);
    const writers = await writersTo({ ...ctx, db: tx }, fromId);
    if (writers.length > 0 || !(await places.removePlace(tx, fromId))) return writers;
    const details = { from: from.location, to: to.location, layers: run.copied.blobs, damaged: run.damaged.size };
    await recordEvent(tx, OPERATOR, { action: 'storage.copied', subject: '', details });
    return [];
  });
}

/** Copies until nothing is left. @returns the processes that write to the source, and may add more */
async function copyAll(ctx: CopyNeeds, direction: Direction, run: CopyRun): Promise<places.ProcessRow[]> {
  for (;;) {
    const before = await writersTo(ctx, direction.fromId);
    if ((await run.pass()) > 0) continue;
    if (before.length === 0) return end(ctx, direction, run);
    const after = await writersTo(ctx, direction.fromId);
    if (after.length > 0) return after;
    // They have stopped in the meantime: what they recorded last may be where the pass had been before.
  }
}

async function copyLocked(ctx: CopyNeeds, options: CopyOptions, signal: AbortSignal): Promise<CopyReport> {
  const direction = directionOf(ctx, options.toOther);
  const { from, to, toId } = direction;
  const { isDryRun, toOther } = options;
  if (!isDryRun) {
    await assertRead(ctx, direction);
    await store.forgetCopied(ctx.db, toId);
  }
  const total = await store.countLeft(ctx.db, toId);
  const run = new CopyRun(ctx, { from: from.store, to: to.store, toId }, options, signal, total);
  if (isDryRun || toOther) await run.pass();
  const writers = isDryRun || toOther ? await writersTo(ctx, direction.fromId) : await copyAll(ctx, direction, run);
  const isEnd = !isDryRun && !toOther && writers.length === 0;
  if (isEnd) await store.forgetCopied(ctx.db);
  const { copied, present, damaged } = run;
  const unfinishedUploads = await countUploads(from);
  const locations = { from: from.location, to: to.location };
  return { ...locations, copied, present, damaged: [...damaged.values()], isEnd, writers, unfinishedUploads };
}

/**
 * Copies all blobs that rows point to from one place of the server to the other, while servers run.
 *
 * @throws AppError `invalid` when there is one place only, `conflict` while another copy runs, `storage_full`,
 *   `unavailable` when the connection to the database was lost; what the places throw for a minute. Run again, it continues.
 */
export async function copyStorage(ctx: CopyNeeds, options: CopyOptions): Promise<CopyReport> {
  const lock = await trySessionLock(ctx.connection, COPY_LOCK);
  if (lock === undefined) throw new AppError('conflict', 'Another copy is running: wait until it has ended');
  try {
    return await copyLocked(ctx, options, lock.lost);
  } catch (error) {
    if (lock.lost.aborted) throw new AppError('unavailable', LOST, { cause: error });
    throw error;
  } finally {
    await lock.release();
  }
}
