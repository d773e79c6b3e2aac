import type { RepositoryName } from '../../features/access/actor';
import { SHARED_NAMESPACE } from '../../features/repositories/names';
import type { Access, WebHandler, WebRow } from './access';

/** Where the pages of a repository are; `library` has no name in addresses, as on the Hub. */
export function repositoryPath({ namespace, name }: RepositoryName, rest = ''): string {
  const root = namespace === SHARED_NAMESPACE ? `/_/${name}/` : `/r/${namespace}/${name}/`;
  return root + rest;
}

/** The repository of a page's address. */
export function repositoryOf(params: Readonly<Record<string, string>>): RepositoryName {
  return { namespace: params['namespace'] ?? SHARED_NAMESPACE, name: params['name'] ?? '' };
}

/** What `docker pull` calls it. */
export function shortName({ namespace, name }: RepositoryName): string {
  return namespace === SHARED_NAMESPACE ? name : `${namespace}/${name}`;
}

/** A page of a repository: its two rows, for `library` and for all other namespaces. `rest` is what follows the name. */
export function repositoryRows<A extends Access>(
  method: 'get' | 'post',
  rest: string,
  access: A,
  handle: WebHandler<A>,
): WebRow[] {
  return ['/r/:namespace/:name/', '/_/:name/'].map((root) => ({ method, path: root + rest, access, handle }) as WebRow);
}
