import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { basicActor, type Actor } from '../../features/access/actor';
import { recallIdentity } from '../../features/accounts/credentials';
import { verifyRepeated } from '../../features/accounts/repeated-login';
import { findRunningBuild } from '../../features/builds/build-token';
import { readBearerToken, type Grant } from '../../features/tokens/bearer-token';
import { AppError } from '../../platform/errors';
import { readAuthorization } from '../../platform/http/authorization';
import { clientAddress } from '../../platform/http/client-address';
import type { Exchange, Reply } from '../../platform/http/exchange';
import { RecalledRequests } from '../../platform/http/recalled-requests';
import type { Guard, Route } from '../../platform/http/route';
import { unauthorized } from './errors';

/*
 * The guards of v2. A guard identifies the caller, or refuses wrong credentials.
 *
 *   open       credentials are ignored
 *   registry   a Bearer token of `/v2/token`, Basic (a password or an access token), or anonymous
 */

export type Access = 'open' | 'registry';

/** A caller, and the grants to which a Bearer token limits them. */
export interface V2Caller {
  /** of the kind `anonymous` or `user` */
  readonly actor: Actor;
  /** `all`: the caller came without a Bearer token, so that only the account's rights count */
  readonly grants: 'all' | readonly Grant[];
  /** whether the credentials cover the list of repositories */
  readonly hasCatalog: boolean;
}

/** What a handler learns about its caller, by guard. */
export interface Callers {
  open: undefined;
  registry: V2Caller;
}

/** A request to a row whose access is `registry`. */
export type V2Exchange = Exchange<V2Caller>;
/** The handler of such a row. */
export type V2Handler = (ctx: Context, exchange: V2Exchange) => Promise<Reply> | Reply;
export type V2Route = Route<Access, Callers>;

const recalledRequests = new RecalledRequests();

async function bearerCaller(ctx: Context, text: string, address: string): Promise<V2Caller> {
  const claims = readBearerToken(ctx.tokenKey, text);
  if (claims === undefined) throw unauthorized('invalid_token');
  const { identity, grants, hasCatalog, buildId } = claims;
  if (identity === undefined) return { actor: { kind: 'anonymous', address }, grants, hasCatalog };
  const proof = identity.accessTokenId === undefined ? 'old_login' : 'access_token';
  if (buildId === undefined) return { actor: { kind: 'user', identity, address, proof }, grants, hasCatalog };
  const build = await findRunningBuild(ctx, buildId);
  if (build === undefined) throw unauthorized('invalid_token');
  return { actor: { kind: 'user', identity, address, proof, build }, grants, hasCatalog };
}

async function identify(ctx: Context, req: IncomingMessage): Promise<V2Caller> {
  const address = clientAddress(req, ctx.settings.trustsProxy);
  const anonymous: V2Caller = { actor: { kind: 'anonymous', address }, grants: 'all', hasCatalog: false };
  const authorization = readAuthorization(req.headers.authorization);
  switch (authorization.kind) {
    case 'none':
      return anonymous;
    case 'bearer':
      return bearerCaller(ctx, authorization.text, address);
    case 'basic': {
      const { username, password } = authorization;
      if (username === '') return anonymous;
      const identity =
        recalledRequests.recall(req, () => recallIdentity(ctx, username, password)) ??
        (await verifyRepeated(ctx, username, password, address));
      if (identity === undefined) throw unauthorized();
      return { actor: basicActor(identity, address), grants: 'all', hasCatalog: true };
    }
    case 'token': // of v1
    case 'unknown':
      throw unauthorized('invalid_token');
  }
}

/** Handles a request, and repeats it with verified credentials if remembered ones were refused. */
export async function handleRecalled(ctx: Context, handle: V2Handler, exchange: V2Exchange): Promise<Reply> {
  try {
    return await handle(ctx, exchange);
  } catch (error) {
    const { req, params, query, signal } = exchange;
    if (!(error instanceof AppError && error.code === 'unauthenticated')) throw error;
    // The account behind a Bearer token has changed since: a new token helps, if there is still an account.
    if (exchange.caller.grants !== 'all') throw unauthorized('invalid_token');
    if (!recalledRequests.has(req)) throw error;
    return handle(ctx, { req, params, query, caller: await identify(ctx, req), signal });
  }
}

/** The guards of all v2 routes. */
export function v2Guards(ctx: Context): { readonly [A in Access]: Guard<Callers[A]> } {
  return {
    open: () => Promise.resolve(undefined),
    registry: (req) => identify(ctx, req),
  };
}
