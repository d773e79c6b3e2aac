import type { StorageRoom } from '../../blobs/storage-room';
import type { Needs } from '../../context';
import { showByteSize } from '../../platform/bytes/byte-size';
import { AppError } from '../../platform/errors';
import * as store from './quota.store';

/*
 * How much a namespace may hold: its plan says. What is there stays when a plan gets smaller, and can be pulled; only
 * more bytes are refused. As for the whole store, the sum is some seconds old, so that pushes to several processes at
 * once may go over the limit by what they take in within those seconds.
 */

/** What letting bytes in takes. */
export type RoomNeeds = Needs<'db' | 'storageRoom' | 'namespaceRooms' | 'blobReferrers'>;

/** Lets the bytes of one namespace in while its plan has room for them; undefined where there is no limit. */
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
 * Passes bytes on while the store, and the plan of the namespace that they are for, have room for them.
 *
 * @param use - stores what is admitted, and says how much that was: `newBytes` is 0 where equal bytes were there before
 * @throws AppError `storage_full`, or `forbidden` with the limit of the plan, out of what `use` reads; whatever `use`
 *   throws
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
