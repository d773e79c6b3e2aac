import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { assertNotRetired } from '../accounts/retired-names';
import { assertNotFormer } from '../repositories/former-names';
import * as store from './image-lists.store';
import { createRemoteRepository, lockForPush } from '../repositories/locking';

/*
 * An engine starts a push at the index. If that is another index, this registry learns of the repository only with the
 * first image of the push. It gets the image list from the index that vouches for the token (protocol 2.8).
 */

/**
 * Creates the repository of a guest who pushes, if it does not exist, and announces the image in it if the index lists
 * it. Does nothing for other actors.
 *
 * @throws AppError `forbidden` when the name belongs to a repository of this registry, is a former name, or is being
 *   deleted; `conflict` when the namespace's name is retired
 */
export async function announceForGuest(ctx: Needs<'db'>, actor: Actor, imageId: string): Promise<void> {
  if (actor.kind !== 'token' || actor.guest === undefined || actor.access !== 'write') return;
  const { repository: name, guest } = actor;
  await inTransaction(ctx.db, async (tx) => {
    // Checked here because an error of Postgres would end the transaction; the trigger that refuses retired names is
    // for races.
    await assertNotRetired(tx, name.namespace);
    await assertNotFormer(tx, actor, name, undefined, 'forbidden');
    await createRemoteRepository(tx, name);
    const repositoryId = await lockForPush(tx, name, true);
    if (repositoryId === undefined) throw new AppError('forbidden', 'Access denied');
    if (guest.imageIds.has(imageId)) await store.mergeImages(tx, repositoryId, [{ id: imageId, checksum: undefined }]);
  });
}
