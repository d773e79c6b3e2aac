import type { IncomingMessage } from 'node:http';
import type { RepositoryName } from '../../features/access/actor';
import type { ListedImage } from '../../features/pushes/image-lists';
import { isTag, noSuchFullName, parseFullName, parseRepositoryName } from '../../features/repositories/names';
import { AppError } from '../../platform/errors';
import { parseJson, readBody } from '../../platform/http/body';
import { UnknownUrlError } from './errors';

/** The limits of bodies, in bytes: also an anonymous client can send them. */
export const LIMITS = { user: 16 * 1024, imageList: 16 * 1024 * 1024, imageJson: 1024 * 1024, small: 4096 } as const;

const IMAGES_LIMIT = 100_000;

/**
 * The repository that the path names; `foo` and `library/foo` are the same (protocol 1.2).
 *
 * @throws UnknownUrlError if no repository can have this name
 */
export function repositoryOf(params: Readonly<Record<string, string>>): RepositoryName {
  const { namespace, repository = '' } = params;
  // Some clients encode the slash: `alice%2Fapp` is one segment of the path, and means `alice/app`.
  const name = namespace === undefined ? parseFullName(repository) : parseRepositoryName(namespace, repository);
  if (name === undefined) {
    throw new UnknownUrlError(noSuchFullName(namespace === undefined ? repository : `${namespace}/${repository}`));
  }
  return name;
}

/**
 * The URL without the doubled slash of clients whose base URL ends with one: they ask for `//v1/…`. Only paths of the
 * protocol are accepted in this way: a proxy that denies access to another path must be able to rely on its spelling.
 */
export function withOneSlash(url: string): string {
  return url.replace(/^\/{2,}(?=v1\/|_ping(?:\?|$))/, '/');
}

/** A header that a client sends once; undefined if it is absent. */
export function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Whether the caller wants a token with the answer (protocol 2.5). */
export function wantsToken(req: IncomingMessage): boolean {
  return headerOf(req, 'x-docker-token')?.toLowerCase() === 'true';
}

function toListedImage(entry: unknown): ListedImage {
  const isObject = typeof entry === 'object' && entry !== null;
  const id = isObject && 'id' in entry ? entry.id : undefined;
  if (typeof id !== 'string') throw new AppError('invalid', 'Invalid data');
  const checksum = isObject && 'checksum' in entry && typeof entry.checksum === 'string' ? entry.checksum : undefined;
  if (checksum?.includes('\0') === true) throw new AppError('invalid', 'Invalid data'); // Postgres text has no NUL
  const tag = isObject && 'Tag' in entry && typeof entry.Tag === 'string' && isTag(entry.Tag) ? entry.Tag : undefined;
  return { id, checksum: checksum === '' ? undefined : checksum, ...(tag === undefined ? {} : { tag }) };
}

/**
 * Reads an image list: `[{"id", "Tag"?, "checksum"?}, …]` (protocol 2.6). Separate requests set the tags: a list only
 * announces them.
 *
 * @throws AppError `invalid`, in the words of docker's registry
 */
export async function readImageList(req: IncomingMessage): Promise<ListedImage[]> {
  const parsed = parseJson(await readBody(req, LIMITS.imageList));
  if (parsed === undefined) throw new AppError('invalid', 'Error Decoding JSON');
  if (!Array.isArray(parsed.value) || parsed.value.length > IMAGES_LIMIT) throw new AppError('invalid', 'Invalid data');
  return parsed.value.map(toListedImage);
}
