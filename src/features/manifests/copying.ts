import type { Db } from '../../platform/db/db';
import type { ReadableRepository, WritableRepository } from '../repositories/access';
import * as store from './copying.store';

/**
 * Copies a manifest to another repository, with all that an index lists, and with the manifests that refer to one of
 * these as their subject, such as signatures. No bytes are copied. The target is locked.
 *
 * @returns the number of the manifest in the target
 * @throws a foreign key violation when the garbage collection is removing it at this moment
 */
export async function copyManifest(
  tx: Db,
  source: ReadableRepository,
  target: WritableRepository,
  digest: string,
): Promise<number> {
  const copies = await store.copyWithReferences(tx, source.id, target.id, digest);
  const copy = copies.find((one) => one.digest === digest);
  if (copy === undefined) throw new Error(`the source of a copy has no manifest ${digest}`);
  return copy.id;
}
