import { AppError } from '../../platform/errors';
import type { RepositoryName } from '../accounts/actor';
import { USERNAME } from '../accounts/rules';

/** The namespace of official images: `foo` and `library/foo` are one repository everywhere (protocol 1.2). */
export const LIBRARY = 'library';

/** Images that pushers of any namespace may build upon without uploading them again. */
export const SHARED_NAMESPACE = LIBRARY;

const REPOSITORY = /^[a-z0-9][a-z0-9._-]{1,254}$/;
const HUB_CHARACTERS = { min: 3, max: 30 };
/** They would collide with the last part of a repository's own paths (protocol 1.1). */
const RESERVED = new Set(['images', 'tags', 'auth', 'json', 'properties', 'layer']);
const IMAGE_ID = /^([0-9a-f]{16}|[0-9a-f]{64})$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * Reads a repository's name from the parts of a path or command (protocol 1.1, 1.2).
 *
 * @param namespace - undefined: the library
 * @param hubLimits - whether the name is held to the Hub's 3 to 30 characters; only for a name that is to be made
 * @returns the normalised name, or undefined when no repository can have this name
 */
export function parseRepositoryName(
  namespace: string | undefined,
  name: string,
  hubLimits = false,
): RepositoryName | undefined {
  const space = namespace ?? LIBRARY;
  if (space !== LIBRARY && !USERNAME.test(space)) return undefined;
  if (!REPOSITORY.test(name) || RESERVED.has(name)) return undefined;
  if (hubLimits && (name.length < HUB_CHARACTERS.min || name.length > HUB_CHARACTERS.max)) return undefined;
  return { namespace: space, name };
}

/** Reads `name` or `namespace/name`; undefined when no repository can have this name. */
export function parseFullName(fullName: string): RepositoryName | undefined {
  const parts = fullName.split('/');
  if (parts.length === 1) return parseRepositoryName(undefined, fullName);
  return parts.length === 2 ? parseRepositoryName(parts[0], parts[1] ?? '') : undefined;
}

/** `namespace/name`, also for the library: the form of tokens. */
export function fullName(repository: RepositoryName): string {
  return `${repository.namespace}/${repository.name}`;
}

/** What people type: without `library/`. */
export function displayName(repository: RepositoryName): string {
  return repository.namespace === LIBRARY ? repository.name : fullName(repository);
}

/** Whether both name one repository. */
export function sameRepository(a: RepositoryName, b: RepositoryName): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

/** Whether this can be an image's id: 16 or 64 lower hex (protocol 1.1). */
export function isImageId(id: unknown): id is string {
  return typeof id === 'string' && IMAGE_ID.test(id);
}

/** @throws AppError `not_found`, as docker's registry said it */
export function assertImageId(id: string): void {
  if (!isImageId(id)) throw new AppError('not_found', 'Invalid image ID');
}

/** Whether this can be a tag's name (protocol 1.1). */
export function isTag(tag: string): boolean {
  return TAG.test(tag);
}

/** @throws AppError `invalid`, as docker's registry said it */
export function assertTag(tag: string): void {
  if (!isTag(tag)) throw new AppError('invalid', 'Invalid tag name (must match ^[\\w][\\w.-]{0,127}$)');
}
