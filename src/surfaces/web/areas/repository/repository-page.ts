import type { Context } from '../../../../context';
import { parseRepositoryName } from '../../../../features/repositories/names';
import { getRepositoryDetails, type RepositoryDetails } from '../../../../features/repositories/repository-details';
import { AppError } from '../../../../platform/errors';
import { empty, type Reply } from '../../../../platform/http/exchange';
import type { Callers, WebExchange, WebHandler } from '../../access';
import { repositoryPath } from '../../repository-path';
import type { Visitor } from '../../visitor';
import { beingDeletedPage } from './being-deleted';

const ROOT = /^\/(?:_\/[^/?]+|r\/[^/?]+\/[^/?]+)\/?/;

/** What the address of a page names. */
function askedFor(params: Readonly<Record<string, string>>): RepositoryDetailsName {
  const name = parseRepositoryName(params['namespace'], params['name'] ?? '');
  if (name === undefined) throw new AppError('not_found', 'Repository not found');
  return name;
}

type RepositoryDetailsName = Pick<RepositoryDetails, 'namespace' | 'name'>;

/**
 * The repository that a request is about.
 *
 * @throws AppError `not_found`, `unauthenticated` as for reading
 */
export function repositoryAsked(
  ctx: Context,
  visitor: Visitor,
  params: Readonly<Record<string, string>>,
): Promise<RepositoryDetails> {
  return getRepositoryDetails(ctx, visitor.actor, askedFor(params));
}

/**
 * A page of a repository, for whoever may read it. A former name, and `library` spelled out, lead to the same page of
 * the present name. While the repository is being deleted, all of them say so.
 *
 * @param show - writes the page
 */
export function repositoryPage<A extends 'anyone' | 'member'>(
  show: (ctx: Context, exchange: WebExchange<A>, repository: RepositoryDetails) => Promise<Reply> | Reply,
): WebHandler<A> {
  return async (ctx, exchange) => {
    const { url }: Visitor = exchange.caller satisfies Callers['anyone'];
    const repository = await repositoryAsked(ctx, exchange.caller, exchange.params);
    const root = ROOT.exec(url)?.[0] ?? '';
    const present = repositoryPath(repository);
    if (`${root}/`.replace('//', '/') === present) {
      const isBeingDeleted = repository.state === 'deleting';
      return isBeingDeleted ? beingDeletedPage(exchange.caller, repository) : show(ctx, exchange, repository);
    }
    return empty(302, { Location: present + url.slice(root.length) });
  };
}
