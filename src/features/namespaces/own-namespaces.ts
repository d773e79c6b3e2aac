import type { Needs } from '../../context';
import { type Actor } from '../access/actor';
import { getAccount } from '../access/current-account';
import { canCreate } from '../access/policy';
import * as store from './own-namespaces.store';

/** A namespace that an account works in. */
export interface OwnNamespace {
  readonly name: string;
  readonly kind: 'user' | 'organization' | 'library';
  /** a member is in a team that does not own the organization */
  readonly role: 'owner' | 'member';
  /** may create repositories in it, with these credentials */
  readonly canCreate: boolean;
}

/**
 * The namespaces that the actor works in: the account's own one first, then organizations by name and, for site
 * administrators, the library.
 *
 * @throws AppError `unauthenticated`, `inactive`, `forbidden` for an access token for some repositories
 */
export async function listOwnNamespaces(ctx: Needs<'db'>, actor: Actor): Promise<OwnNamespace[]> {
  const account = await getAccount(ctx, actor);
  const owned = { userId: account.userId, accessTokenId: account.accessToken?.id };
  return (await store.listOwn(ctx.db, owned)).map((row) => ({
    name: row.name,
    kind: row.kind,
    role: row.namespace_role === 'admin' || row.kind !== 'organization' ? 'owner' : 'member',
    canCreate: canCreate(account, { role: row.namespace_role ?? undefined }),
  }));
}
