import type { Needs } from '../../context';
import { finderOf, type Actor } from '../access/actor';
import { assertStillGood } from '../access/current-account';
import * as store from './catalog.store';

/**
 * The full names of all repositories that the actor may find in a list, in byte order: the catalog of a registry.
 *
 * @param page.after - the last name of the page before; empty: the first page
 * @throws AppError `unauthenticated`, `inactive`
 */
export async function listCatalog(
  ctx: Needs<'db'>,
  actor: Actor,
  page: { readonly after: string; readonly limit: number },
): Promise<string[]> {
  await assertStillGood(ctx, actor);
  return store.listNames(ctx.db, finderOf(actor), page);
}
