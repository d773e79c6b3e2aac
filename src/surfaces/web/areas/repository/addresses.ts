import { displayName } from '../../../../features/repositories/names';
import type { RepositoryName } from '../../../../features/access/actor';
import { repositoryPath } from '../../repository-path';
import type { Visitor } from '../../visitor';

/* The paths of the pages of a repository, and its names for engines. */

export function tagPath(repository: RepositoryName, tag: string): string {
  return repositoryPath(repository, `tags/${encodeURIComponent(tag)}/`);
}

export function imagePath(repository: RepositoryName, imageId: string): string {
  return repositoryPath(repository, `images/${imageId}/`);
}

/** The page of the manifest with a digest. */
export function manifestPath(repository: RepositoryName, digest: string): string {
  return repositoryPath(repository, `manifests/${digest}/`);
}

/** The page of what a tag points to: the digest of a manifest, or the id of an image. */
export function pointerPath(repository: RepositoryName, pointer: string): string {
  return pointer.includes(':') ? manifestPath(repository, pointer) : imagePath(repository, pointer);
}

/** The page of the files of an image's own layer, or of one directory in it. */
export function filesPath(repository: RepositoryName, imageId: string, directory = '/'): string {
  const query = directory === '/' ? '' : `?${new URLSearchParams({ directory }).toString()}`;
  return `${imagePath(repository, imageId)}files/${query}`;
}

/** `hub.example.com:5000/alice/app`: the name with which this visitor's engine reaches the repository. */
export function pullName({ origin }: Visitor, repository: RepositoryName): string {
  return `${new URL(origin).host}/${displayName(repository)}`;
}

/** The first characters of an image's id or of a digest, as docker shows them. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(':') + 1).slice(0, 12);
}
