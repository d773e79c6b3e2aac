import type { IncomingMessage } from 'node:http';
import type { Needs } from '../../context';
import type { RepositoryName } from '../../features/access/actor';
import { displayName, parseFullName } from '../../features/repositories/names';
import type { Action } from '../../features/tokens/bearer-token';
import { ownOrigin } from '../../platform/http/own-origin';
import { splitUrl } from '../../platform/http/url';

/** The error of a Bearer token (RFC 6750, 3.1). */
export type ChallengeError = 'invalid_token' | 'insufficient_scope';

const REPOSITORY_PATH = /^\/v2\/((?:[^/]+\/)?[^/]+)\/(manifests|blobs|tags|referrers)\/(uploads(?:\/|$))?/;

/** An upload is a part of a push, whatever the method. */
function actionsFor(method: string | undefined, isUpload: boolean): readonly Action[] {
  if (isUpload) return ['pull', 'push'];
  if (method === 'GET' || method === 'HEAD') return ['pull'];
  return method === 'DELETE' ? ['delete'] : ['pull', 'push'];
}

function scopeText(repository: RepositoryName, actions: readonly Action[]): string {
  return `repository:${displayName(repository)}:${actions.join(',')}`;
}

/** The scope that a request needs; undefined when it is about neither a repository nor the catalog. */
function scopeOf(req: IncomingMessage): string | undefined {
  const { path } = splitUrl(req.url ?? '');
  if (path.startsWith('/v2/_catalog')) return 'registry:catalog:*';
  const [, name = '', , uploads] = REPOSITORY_PATH.exec(path) ?? [];
  const repository = parseFullName(name);
  return repository && scopeText(repository, actionsFor(req.method, uploads !== undefined));
}

/**
 * The challenge of a 401. Clients that never request `/v2/` learn everything from the first one that they get, so it is
 * complete on every route.
 */
export function challengeFor(
  { settings }: Needs<'settings'>,
  req: IncomingMessage,
  error: ChallengeError | undefined,
): string {
  const origin = ownOrigin(req, settings);
  const parts = [`realm="${origin}/v2/token"`, `service="${origin.slice(origin.indexOf('://') + 3)}"`];
  const scope = scopeOf(req);
  if (scope !== undefined) parts.push(`scope="${scope}"`);
  if (error !== undefined) parts.push(`error="${error}"`);
  return `Bearer ${parts.join(',')}`;
}
