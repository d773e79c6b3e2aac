import { AppError, fieldError } from '../../platform/errors';
import type { RepositoryName } from '../access/actor';
import { isNamespace, NAMESPACE_RULE } from '../accounts/account-rules';

/** The namespace of official images: `foo` and `library/foo` are one repository everywhere (protocol 1.2). */
export const LIBRARY = 'library';

/** Images that pushers of any namespace may build upon without uploading them again. */
export const SHARED_NAMESPACE = LIBRARY;

/** The names that all engines from 0.7 on accept; those from 1.8 on also require a letter or a digit at the start. */
const REPOSITORY = /^[a-z0-9][a-z0-9._-]*$/;
const CHARACTERS = { min: 1, max: 255 };
const HUB_CHARACTERS = { min: 3, max: 30 };
/** They would collide with the last part of a repository's own paths (protocol 1.1). */
const RESERVED = new Set(['images', 'tags', 'auth', 'json', 'properties', 'layer']);
const IMAGE_ID = /^([0-9a-f]{16}|[0-9a-f]{64})$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** The limits for the number of characters in the name of a new repository, without the namespace. */
export function lengthsOfNames(hubLimits: boolean): { readonly min: number; readonly max: number } {
  return hubLimits ? HUB_CHARACTERS : CHARACTERS;
}

/** Whether no repository can have this name, because one of the repository's own paths ends like that. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name);
}

/** Why no repository can have a name, as part of a sentence; undefined when it is possible. */
function problemOf({ namespace, name }: RepositoryName, hubLimits: boolean): string | undefined {
  if (namespace !== LIBRARY && !isNamespace(namespace))
    return `"${namespace}" cannot be a namespace, ${NAMESPACE_RULE}`;
  if (isReserved(name)) return `"${name}" is reserved`;
  const { min, max } = lengthsOfNames(hubLimits);
  if (name.length < min || name.length > max) return `a name has ${min} to ${max} characters`;
  if (REPOSITORY.test(name)) return undefined;
  return 'a name has lower-case letters, digits, ".", "_" and "-", and begins with a letter or a digit';
}

/**
 * The message for a request with a name that no repository can have.
 *
 * @param hubLimits - as of `parseRepositoryName`
 */
export function noSuchName(name: RepositoryName, hubLimits = false): string {
  return `No repository can have the name ${displayName(name)}: ${problemOf(name, hubLimits) ?? 'it is not allowed'}`;
}

/** The same for a name that was written as one word. */
export function noSuchFullName(text: string): string {
  const [namespace = '', name, ...rest] = text.split('/');
  if (rest.length > 0) return `No repository can have the name ${text}: it has more than one "/"`;
  return noSuchName(name === undefined ? { namespace: LIBRARY, name: namespace } : { namespace, name });
}

/** @throws AppError `invalid` unless a repository can have the name */
export function readFullName(text: string): RepositoryName {
  const name = parseFullName(text);
  if (name === undefined) throw fieldError('invalid', 'name', noSuchFullName(text));
  return name;
}

/** @throws AppError `invalid` unless a new repository can have the name */
export function assertRepositoryName(name: RepositoryName, hubLimits: boolean): void {
  if (problemOf(name, hubLimits) !== undefined) throw fieldError('invalid', 'name', noSuchName(name, hubLimits));
}

/**
 * Reads a repository's name from the parts of a path or command (protocol 1.1, 1.2).
 *
 * @param namespace - undefined: the library
 * @param hubLimits - whether the Hub's limit of 3 to 30 characters applies; only for the name of a new repository
 * @returns the normalised name, or undefined when no repository can have this name
 */
export function parseRepositoryName(
  namespace: string | undefined,
  name: string,
  hubLimits = false,
): RepositoryName | undefined {
  const parsed = { namespace: namespace ?? LIBRARY, name };
  return problemOf(parsed, hubLimits) === undefined ? parsed : undefined;
}

/** Reads `name` or `namespace/name`; undefined when no repository can have this name. */
export function parseFullName(fullName: string): RepositoryName | undefined {
  const parts = fullName.split('/');
  if (parts.length === 1) return parseRepositoryName(undefined, fullName);
  return parts.length === 2 ? parseRepositoryName(parts[0], parts[1] ?? '') : undefined;
}

/** `namespace/name`, also for the library: the form in tokens. */
export function fullName(repository: RepositoryName): string {
  return `${repository.namespace}/${repository.name}`;
}

/** The name as users type it: without `library/`. */
export function displayName(repository: RepositoryName): string {
  return repository.namespace === LIBRARY ? repository.name : fullName(repository);
}

/** The path of a page of a repository; paths omit `library`, as on the Hub. */
export function repositoryPath({ namespace, name }: RepositoryName, rest = ''): string {
  const root = namespace === LIBRARY ? `/_/${name}/` : `/r/${namespace}/${name}/`;
  return root + rest;
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
  if (isTag(tag)) return;
  const rule = 'A tag has 1 to 128 letters, digits, "_", "." and "-", and begins with a letter, a digit or "_"';
  throw new AppError('invalid', 'Invalid tag name (must match ^[\\w][\\w.-]{0,127}$)', {
    fields: [{ field: 'name', message: rule }],
  });
}
