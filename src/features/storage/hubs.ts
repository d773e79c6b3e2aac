import { randomUUID } from 'node:crypto';
import type { Place, Places } from '../../blobs/place';
import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { ensureHubId } from './hubs.store';

/*
 * Each hub leaves its id in its places. For one hub all objects of another one are without a row: where there are two, or
 * have been, a comparison of the storage must delete nothing.
 */

/** Notes in a place that this hub uses it. */
export async function noteHub({ db }: Needs<'db'>, { mark }: Place): Promise<void> {
  const id = await ensureHubId(db, randomUUID());
  if (!(await mark.hubs()).includes(id)) await mark.addHub(id);
}

/**
 * Checks that no other hub has ever used the places.
 *
 * @throws AppError `conflict` with a sentence for the operator
 */
export async function assertOnlyHub({ db }: Needs<'db'>, { current, other: also }: Places): Promise<void> {
  const id = await ensureHubId(db, randomUUID());
  for (const { mark, location } of also === undefined ? [current] : [current, also]) {
    const other = (await mark.hubs()).find((hub) => hub !== id);
    if (other === undefined) continue;
    throw new AppError(
      'conflict',
      `Another hub uses ${location} as well, or did, and what has no row here may be its layers. Give each hub a place of ` +
        `its own. If the other one is gone for good, delete hub-${other} there; this one is hub-${id}.`,
    );
  }
}
