import type { StorageRoom } from '../../blobs/storage-room';
import type { Needs } from '../../context';
import { showByteSize } from '../../platform/bytes/byte-size';
import { AppError } from '../../platform/errors';
import * as store from './quota.store';

/*
 * How much a namespace may hold: its plan says. What is there stays when a plan gets smaller, and can be pulled; only
 * more layers are refused. As for the whole store, the sum is some seconds old, so that pushes to several processes at
 * once may go over the limit by what they take in within those seconds.
 */

/**
 * Lets the layers of one namespace in while its plan has room for them.
 *
 * @param repositoryId - of the repository that a layer is pushed to
 * @returns undefined where there is no limit; the room throws AppError `forbidden` with the limit
 */
export async function findNamespaceRoom(
  ctx: Needs<'db' | 'namespaceRooms'>,
  repositoryId: number,
): Promise<StorageRoom | undefined> {
  const quota = await store.findQuota(ctx.db, repositoryId);
  if (quota === undefined) return undefined;
  const { namespace, plan, limit_bytes: limitBytes } = quota;
  const sentence = `The plan ${plan} of ${namespace} allows ${showByteSize(limitBytes)} of layers, and there is no room for this one`;
  return ctx.namespaceRooms.roomOf(
    namespace,
    { limitBytes, overLimit: () => new AppError('forbidden', sentence) },
    () => store.sumBytes(ctx.db, namespace),
  );
}
