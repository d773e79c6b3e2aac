import type { StorageRoom } from '../../blobs/storage-room';
import type { Needs } from '../../context';
import { showByteSize } from '../../platform/bytes/byte-size';
import type { Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import * as store from './quota.store';

/*
 * The plan of a namespace, or a limit of its own (`storage-use.ts`), says how much it may store. If that gets smaller, existing layers stay and can be
 * pulled; only further bytes are refused. As for the whole store, the sum is some seconds old, so pushes to several
 * processes at once may exceed the limit by the bytes that arrive within those seconds.
 */

/** What admitting bytes needs. */
export type RoomNeeds = Needs<'db' | 'storageRoom' | 'namespaceRooms' | 'blobReferrers'>;

/** The room of one namespace, which admits bytes while its plan allows them; undefined if there is no limit. */
async function findNamespaceRoom(
  ctx: Needs<'db' | 'namespaceRooms' | 'blobReferrers'>,
  namespace: string,
): Promise<StorageRoom | undefined> {
  const quota = await store.findQuota(ctx.db, namespace);
  if (quota === undefined) return undefined;
  const limits = { limitBytes: quota.limit_bytes, overLimit: () => beyondPlan(namespace, quota) };
  return ctx.namespaceRooms.roomOf(namespace, limits, () => store.sumBytes(ctx.db, ctx.blobReferrers, namespace));
}

function beyondPlan(namespace: string, quota: store.QuotaRow): AppError {
  const subject = quota.has_own_limit ? `The storage limit of ${namespace}` : `The plan ${quota.plan} of ${namespace}`;
  const allowed = `allows ${showByteSize(quota.limit_bytes)} of layers`;
  return new AppError('forbidden', `${subject} ${allowed}, and there is no room for this one`);
}

/**
 * Passes bytes on while the store and the plan of their namespace have room for them.
 *
 * @param use - stores the admitted bytes, and returns how many: `newBytes` is 0 if equal bytes were stored before
 * @throws AppError `storage_full`, or `forbidden` with the limit of the plan, from the bytes that `use` reads; what
 *   `use` throws
 */
export async function whileThereIsRoom(
  ctx: RoomNeeds,
  namespace: string,
  bytes: AsyncIterable<Buffer>,
  use: (admitted: AsyncIterable<Buffer>) => Promise<{ readonly sizeBytes: number; readonly newBytes: number }>,
): Promise<void> {
  const namespaceRoom = await findNamespaceRoom(ctx, namespace);
  await ctx.storageRoom.hold(bytes, async (admitted) => {
    if (namespaceRoom === undefined) return (await use(admitted)).newBytes;
    let newBytes = 0;
    await namespaceRoom.hold(admitted, async (inPlan) => {
      const stored = await use(inPlan);
      newBytes = stored.newBytes;
      return stored.sizeBytes;
    });
    return newBytes;
  });
}

/**
 * Whether the plan of a namespace has room for a blob that is stored already, and that the namespace may not have yet.
 */
export async function hasRoomFor(
  ctx: Needs<'db' | 'blobReferrers'>,
  namespace: string,
  sizeBytes: number,
): Promise<boolean> {
  const quota = await store.findQuota(ctx.db, namespace);
  if (quota === undefined) return true;
  const used = await store.sumBytes(ctx.db, ctx.blobReferrers, namespace);
  return used + sizeBytes <= quota.limit_bytes;
}

/**
 * Counts the bytes of a blob that has arrived while `record` records it.
 *
 * @param record - `isNear`: they may bring the namespace near its limit, so that it has to call `assertWithinPlan`
 */
export async function whileRecording<T>(
  ctx: RoomNeeds,
  { namespace, sizeBytes }: { readonly namespace: string; readonly sizeBytes: number },
  record: (isNear: boolean) => Promise<T>,
): Promise<T> {
  const room = await findNamespaceRoom(ctx, namespace);
  return room === undefined ? record(false) : room.holdArrived(sizeBytes, (isFar) => record(!isFar));
}

/**
 * Checks that a namespace has not more than its plan allows, in the transaction that has just added a blob. Bytes that
 * arrive over several requests are admitted one request at a time, which is not enough. It reads the exact sum:
 * `whileRecording` says when that is needed.
 *
 * @throws AppError `forbidden` with the limit of the plan
 */
export async function assertWithinPlan(tx: Db, ctx: Needs<'blobReferrers'>, namespace: string): Promise<void> {
  const quota = await store.findQuota(tx, namespace);
  if (quota === undefined) return;
  await store.lockQuota(tx, namespace);
  if ((await store.sumBytes(tx, ctx.blobReferrers, namespace)) > quota.limit_bytes) throw beyondPlan(namespace, quota);
}
