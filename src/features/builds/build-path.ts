import type { RepositoryName } from '../access/actor';
import { LIBRARY } from '../repositories/names';

/** The path of the page of a build. */
export function buildPath({ namespace, name }: RepositoryName, buildId: number): string {
  const repository = namespace === LIBRARY ? `/_/${name}/` : `/r/${namespace}/${name}/`;
  return `${repository}builds/${buildId}/`;
}
