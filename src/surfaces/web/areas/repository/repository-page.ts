import type { Context } from '../../../../context';
import { readableIn, type ReadableRepository } from '../../../../features/repositories/access';
import { getReadable, getVisible } from '../../../../features/repositories/get-repository';
import { getRepositoryDetails, type RepositoryDetails } from '../../../../features/repositories/repository-details';
import { empty, type Reply } from '../../../../platform/http/exchange';
import type { Callers, WebExchange, WebHandler } from '../../access';
import { nameAsked, repositoryPath } from '../../repository-path';
import type { Visitor } from '../../visitor';
import { beingDeletedPage } from './being-deleted';

const ROOT = /^\/(?:_\/[^/?]+|r\/[^/?]+\/[^/?]+)\/?/;

/** A repository that the visitor may read, with its details. */
export type ShownRepository = ReadableRepository & RepositoryDetails;

/**
 * The repository of a form; a former name works too.
 *
 * @throws AppError `not_found`, `unauthenticated` as for reading
 */
export async function repositoryAsked(
  ctx: Context,
  visitor: Visitor,
  params: Readonly<Record<string, string>>,
): Promise<ShownRepository> {
  const repository = await getReadable(ctx, visitor.actor, nameAsked(params), { followsAliases: true });
  return getRepositoryDetails(ctx, repository);
}

/**
 * A page of a repository, for visitors who may read it. A former name, and a path with `library`, redirect to the same
 * page of the present name. During the deletion of the repository, each of its pages says so.
 *
 * @param show - writes the page
 */
export function repositoryPage<A extends 'anyone' | 'member'>(
  show: (ctx: Context, exchange: WebExchange<A>, repository: ShownRepository) => Promise<Reply> | Reply,
): WebHandler<A> {
  return async (ctx, exchange) => {
    const { actor, url }: Visitor = exchange.caller satisfies Callers['anyone'];
    const visible = await getVisible(ctx, actor, nameAsked(exchange.params), { followsAliases: true });
    const root = ROOT.exec(url)?.[0] ?? '';
    const present = repositoryPath(visible);
    if (`${root}/`.replace('//', '/') !== present) return empty(302, { Location: present + url.slice(root.length) });
    const readable = readableIn(visible.access);
    if (readable !== undefined) return show(ctx, exchange, await getRepositoryDetails(ctx, readable));
    return beingDeletedPage(exchange.caller, await getRepositoryDetails(ctx, visible));
  };
}
