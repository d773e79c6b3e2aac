import type { StorageRoom } from '../../blobs/storage-room';
import type { Needs } from '../../context';
import { showByteSize } from '../../platform/bytes/byte-size';
import { AppError } from '../../platform/errors';
import * as store from './quota.store';

/*
 * The plan of a namespace limits how much it may store. If the plan gets smaller, existing layers stay and can be
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
  const { plan, limit_bytes: limitBytes } = quota;
  const sentence = `The plan ${plan} of ${namespace} allows ${showByteSize(limitBytes)} of layers, and there is no room for this one`;
  return ctx.namespaceRooms.roomOf(
    namespace,
    { limitBytes, overLimit: () => new AppError('forbidden', sentence) },
    () => store.sumBytes(ctx.db, ctx.blobReferrers, namespace),
  );
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
