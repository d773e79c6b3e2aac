import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import basicAuth from 'express-basic-auth';
import type { Context } from '../../context';
import { basicActor, type Actor } from '../../features/access/actor';
import { requiresAuthorization } from '../../features/access/current-account';
import { recallIdentity, verifyCredentials } from '../../features/accounts/credentials';
import { RemoteIndex } from '../../features/tokens/remote-index';
import { readToken, tokenActor } from '../../features/tokens/token';
import { AppError } from '../../platform/errors';
import { readAuthorization } from '../../platform/http/authorization';
import { clientAddress } from '../../platform/http/client-address';
import type { Exchange, Reply } from '../../platform/http/exchange';
import { RecalledRequests } from '../../platform/http/recalled-requests';
import type { Guard, Route } from '../../platform/http/route';

/*
 * The guards of v1. A guard identifies the caller, or refuses wrong credentials; the policy of the features decides what
 * the caller may do.
 *
 *   open       credentials are ignored
 *   account    only Basic
 *   index      Basic, a token, or anonymous; refusals in the index's words (protocol 2.5)
 *   registry   the same; refusals in the registry's words (protocol 3.5)
 */

export type Access = 'open' | 'account' | 'index' | 'registry';

/** What a handler learns about its caller, by guard. */
export interface Callers {
  open: undefined;
  account: Actor;
  index: Actor;
  registry: Actor;
}

export type V1Exchange<A extends Access> = Exchange<Callers[A]>;
export type V1Handler<A extends Access> = (ctx: Context, exchange: V1Exchange<A>) => Promise<Reply> | Reply;
export type V1Route = Route<Access, Callers>;

function addressOf({ settings }: Context, req: IncomingMessage): string {
  return clientAddress(req, settings.trustsProxy);
}

const recalledRequests = new RecalledRequests();

/** Handles a request, and repeats it with verified credentials if remembered ones were refused. */
export async function handleRecalled<A extends Access>(
  ctx: Context,
  handle: V1Handler<A>,
  exchange: V1Exchange<A>,
): Promise<Reply> {
  try {
    return await handle(ctx, exchange);
  } catch (error) {
    const isRefusal = error instanceof AppError && error.code === 'unauthenticated';
    if (!isRefusal || !recalledRequests.has(exchange.req)) throw error;
    const caller = (await identify(ctx, exchange.req, undefined)) as Callers[A];
    const { req, params, query, signal } = exchange;
    return handle(ctx, { req, params, query, caller, signal });
  }
}

/** @param remoteIndex - an index whose tokens are accepted in addition to our own */
async function identify(ctx: Context, req: IncomingMessage, remoteIndex: RemoteIndex | undefined): Promise<Actor> {
  const address = addressOf(ctx, req);
  const authorization = readAuthorization(req.headers.authorization);
  switch (authorization.kind) {
    case 'none':
      return { kind: 'anonymous', address };
    case 'unknown':
    case 'bearer': // protocol 6.2: not here
      throw requiresAuthorization();
    case 'basic': {
      const { username, password } = authorization;
      // Old engines send `Basic Og==`, an empty name and password, when nobody has logged in.
      if (username === '') return { kind: 'anonymous', address };
      const identity =
        recalledRequests.recall(req, () => recallIdentity(ctx, username, password)) ??
        (await verifyCredentials(ctx, username, password, address));
      if (identity === undefined) throw requiresAuthorization();
      return basicActor(identity, address);
    }
    case 'token': {
      const token = readToken(ctx.tokenKey, authorization.text);
      if (token.kind === 'empty') return { kind: 'anonymous', address };
      if (token.kind === 'valid') return tokenActor(token.claims, address);
      const isDeletion = req.method === 'DELETE';
      const guest = await remoteIndex?.verify(req.headers.authorization ?? '', { address, isDeletion });
      if (guest === undefined) throw requiresAuthorization();
      return guest;
    }
  }
}

/** Refuses with the usual error, instead of the answer of express-basic-auth. */
function refuse(): never {
  throw new AppError('unauthenticated', 'Unauthorized');
}

/** Has express-basic-auth check the credentials (decision 24). */
function requireAccount(ctx: Context, req: IncomingMessage, res: ServerResponse): Promise<Actor> {
  return new Promise((resolve, reject) => {
    const address = addressOf(ctx, req);
    let actor: Actor | undefined;
    const authorizer: basicAuth.AsyncAuthorizer = (username, password, done) => {
      verifyCredentials(ctx, username, password, address)
        .then((identity) => {
          actor = identity && basicActor(identity, address);
          done(null, identity !== undefined);
        })
        .catch(reject);
    };
    const next = (): void => {
      resolve(actor ?? refuse());
    };
    basicAuth({ authorizeAsync: true, authorizer, unauthorizedResponse: refuse })(
      req as Request,
      res as Response,
      next,
    );
  });
}

/** The guards of all v1 routes. */
export function v1Guards(ctx: Context): { readonly [A in Access]: Guard<Callers[A]> } {
  const remoteIndex = ctx.settings.remoteIndex && new RemoteIndex(ctx.settings.remoteIndex);
  return {
    open: () => Promise.resolve(undefined),
    account: (req, res) => requireAccount(ctx, req, res),
    // A registry's DELETE has the index's path. No other route of the index asks the remote index: otherwise two
    // indexes that name each other would ask in circles.
    index: (req) => identify(ctx, req, req.method === 'DELETE' ? remoteIndex : undefined),
    registry: (req) => identify(ctx, req, remoteIndex),
  };
}
