import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobStore } from '../../blobs/blob-store';
import type { Place, Places } from '../../blobs/place';
import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { OPERATOR, recordEvent } from '../audit/audit';
import { noteHub } from './hubs';
import * as store from './places.store';
import { namesOf, othersAtWork, recordProcess, type PlaceIds } from './processes';

/*
 * A place is in use from the moment at which a server first writes to it, until a copy finds nothing there that rows need
 * (`copy.ts`). A server that does not see all places in use does not start: it would take layers for lost. So that none is
 * running either, a server begins to write to a new place only when all others read it.
 */

const RETRY_MS = 2000;

/** A process that uses the storage. */
export interface EnteredPlaces {
  readonly ids: PlaceIds;
  /** The process stops to use it. */
  leave(): Promise<void>;
}

function assertDifferent({ current, other }: Places, currentId?: string, otherId?: string): void {
  if (other === undefined || currentId === undefined || currentId !== otherId) return;
  throw new Error(
    `DRYDOCK_STORAGE (${current.location}) and DRYDOCK_STORAGE_ALSO (${other.location}) are one place, or one was copied ` +
      'from the other with its file `place-id`: then delete that file in the newer one.',
  );
}

function assertAllSeen(used: readonly store.PlaceRow[], { current, other }: Places, ids: readonly unknown[]): void {
  const unseen = used.find(({ id }) => !ids.includes(id));
  if (unseen === undefined) return;
  const { location } = unseen;
  const remedy = [current.location, other?.location].includes(location)
    ? 'what is there now is another place. Is its disk mounted?'
    : `DRYDOCK_STORAGE is ${current.location}. Set DRYDOCK_STORAGE_ALSO=${location} until \`drydock storage copy\` has ended.`;
  throw new Error(
    `Layers of this server are in ${location}, but ${remedy} If they are lost: drydock storage forget ${location}`,
  );
}

async function isEmpty(blobs: BlobStore): Promise<boolean> {
  for await (const _ of blobs.list()) return false;
  return true;
}

async function marked(place: Place, id: string | undefined): Promise<string> {
  if (id !== undefined) return id;
  const created = randomUUID();
  await place.mark.write(created);
  return created;
}

/** @returns the processes that have to stop before, if there are any */
async function tryToEnter(
  tx: Db,
  places: Places,
): Promise<PlaceIds | { readonly before: readonly store.ProcessRow[] }> {
  const { current, other } = places;
  await store.lockPlaces(tx);
  const used = await store.listPlaces(tx);
  const [currentId, otherId] = [await current.mark.read(), await other?.mark.read()];
  assertDifferent(places, currentId, otherId);
  assertAllSeen(used, places, [currentId, otherId]);
  const ids = { current: await marked(current, currentId), other: other && (await marked(other, otherId)) };
  await noteHub({ db: tx }, current);
  if (!used.some(({ id }) => id === ids.current)) {
    const before = (await othersAtWork(tx)).filter(({ reads }) => !reads.includes(ids.current));
    if (before.length > 0) return { before };
  }
  await store.putPlace(tx, ids.current, current.location);
  const isFirst = used.length === 0;
  if (other !== undefined && ids.other !== undefined && isFirst && !(await isEmpty(other.store))) {
    await store.putPlace(tx, ids.other, other.location);
  }
  return ids;
}

/**
 * Records that this process uses the places, and waits while there are others that do not read where it will write.
 *
 * @param stopping - ends the wait
 * @throws Error with a sentence when a place in use is missing in the configuration, or is not what it was
 */
export async function enterPlaces(
  ctx: Needs<'db' | 'log'>,
  places: Places,
  stopping: AbortSignal,
): Promise<EnteredPlaces> {
  for (;;) {
    const result = await inTransaction(ctx.db, (tx) => tryToEnter(tx, places));
    if (!('before' in result)) return { ids: result, leave: await recordProcess(ctx, places, result) };
    const { location } = places.current;
    ctx.log.warn(
      `waiting for ${namesOf(result.before)} to stop, which would not find layers in ${location}: ` +
        `set DRYDOCK_STORAGE_ALSO=${location} there first`,
    );
    await sleep(RETRY_MS, undefined, { signal: stopping });
  }
}

/**
 * Takes the layers of a place for lost: servers start without it. An operator does this.
 *
 * @throws AppError `not_found` when no place in use has this location
 */
export async function forgetPlace({ db }: Needs<'db'>, location: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    await store.lockPlaces(tx);
    const place = (await store.listPlaces(tx)).find((used) => used.location === location);
    if (place === undefined)
      throw new AppError('not_found', `No place in use is ${location}: see drydock storage list`);
    await store.removePlace(tx, place.id);
    await recordEvent(tx, OPERATOR, { action: 'storage.forgotten', subject: location });
  });
}

/** The places in use. */
export async function listPlaces({ db }: Needs<'db'>): Promise<readonly store.PlaceRow[]> {
  return store.listPlaces(db);
}
