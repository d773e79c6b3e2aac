import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import type { Actor, RepositoryName, TokenAccess } from '../../features/access/actor';
import { identityOf } from '../../features/access/actor';
import type { Image } from '../../features/images/image-by-id';
import { issueToken } from '../../features/tokens/token';
import type { Headers, Reply } from '../../platform/http/exchange';
import { hostOf } from '../../platform/http/host';

/** Docker 0.5 to 0.10 refuse a registry whose ping has no version (protocol 0.3). */
const EVERY_ANSWER = {
  'X-Docker-Registry-Version': '0.9.1',
  'X-Docker-Registry-Config': 'emulator',
  Vary: 'Accept',
};

const NOT_CACHED = { 'Cache-Control': 'no-cache', Pragma: 'no-cache', Expires: '-1' };

const YEAR_SECONDS = 31_536_000;

/** The headers of every answer under `/v1` (protocol 0.3). */
export function v1Headers(reply: Reply): Headers {
  return 'Cache-Control' in reply.headers ? EVERY_ANSWER : { ...EVERY_ANSWER, ...NOT_CACHED };
}

/** The answer depends on the caller: two repositories may have different images under one id. */
const VARY = { Vary: 'Accept, Authorization' };

/**
 * The headers for an image, which never changes (protocol 0.3). A token names the repository, so the answer for a URL
 * and a token never changes, and a cache that obeys `Vary` may keep it; for a private image, only the reader's own
 * cache. Without a token the answer depends on which repository the caller opened last, so a cache must revalidate its
 * copy each time.
 */
export function imageHeaders(caller: Actor, { isPrivate }: Pick<Image, 'isPrivate'>): Headers {
  if (caller.kind !== 'token') return { 'Cache-Control': 'private, no-cache', ...VARY };
  return {
    'Cache-Control': `${isPrivate ? 'private' : 'public'}, max-age=${YEAR_SECONDS}`,
    Expires: new Date(Date.now() + YEAR_SECONDS * 1000).toUTCString(),
    'Last-Modified': 'Thu, 01 Jan 1970 00:00:00 GMT',
    ...VARY,
  };
}

/**
 * Where the images are: `host[:port]`, with a header line for each host, since old engines do not split (protocol
 * 2.14).
 */
export function endpointHeaders(ctx: Context, req: IncomingMessage): Headers {
  const configured = ctx.settings.registryEndpoints;
  const endpoints = configured.length > 0 ? configured : [hostOf(req) ?? 'localhost'];
  return { 'X-Docker-Endpoints': endpoints };
}

/** A new token for the actor's account, in the headers of the index (protocol 3.1). */
export function tokenHeaders(
  ctx: Context,
  actor: Actor,
  repository: RepositoryName,
  access: TokenAccess,
  givenNonce?: string,
): { headers: Headers; nonce: string } {
  const { namespace, name } = repository;
  const claims = { identity: identityOf(actor), repository: { namespace, name }, access, nonce: givenNonce };
  const { text, nonce } = issueToken(ctx.tokenKey, claims);
  return { headers: { 'X-Docker-Token': text, 'WWW-Authenticate': `Token ${text}` }, nonce };
}
