import type { RepositoryName } from '../../features/access/actor';
import { parseRepositoryName } from '../../features/repositories/names';
import { AppError } from '../../platform/errors';
import type { Access, WebHandler, WebRow } from './access';

export { repositoryPath } from '../../features/repositories/names';

/**
 * The repository in the path of a page.
 *
 * @throws AppError `not_found` if no repository can have the name
 */
export function nameAsked(params: Readonly<Record<string, string>>): RepositoryName {
  const name = parseRepositoryName(params['namespace'], params['name'] ?? '');
  if (name === undefined) throw new AppError('not_found', 'Repository not found');
  return name;
}

/**
 * The rows of a page of a repository: one for `library` and one for all other namespaces. `rest` is the part of the
 * path after the name.
 */
export function repositoryRows<A extends Access>(
  method: 'get' | 'post',
  rest: string,
  access: A,
  handle: WebHandler<A>,
): WebRow[] {
  return ['/r/:namespace/:name/', '/_/:name/'].map((root) => ({ method, path: root + rest, access, handle }) as WebRow);
}
