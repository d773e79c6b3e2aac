import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import basicAuth from 'express-basic-auth';
import type { Context } from '../../context';
import type { Actor } from '../../features/accounts/actor';
import { verifyCredentials } from '../../features/accounts/credentials';
import { authorizationRequired } from '../../features/repositories/scope';
import { readToken, tokenActor } from '../../features/tokens/token';
import { AppError } from '../../platform/errors';
import { readAuthorization } from '../../platform/http/authorization';
import type { Exchange, Reply } from '../../platform/http/exchange';
import type { Guard, Route } from '../../platform/http/route';

/*
 * Who may come in. A guard says who asks, or refuses wrong credentials; what the caller may do is for the features'
 * policy.
 *
 *   open       credentials are not looked at
 *   account    Basic, and nothing else
 *   index      Basic, a token, or anonymous; refusals in the index's words (protocol 2.5)
 *   registry   the same; refusals in the registry's words (protocol 3.5)
 */

export type Access = 'open' | 'account' | 'index' | 'registry';

/** What a handler gets to know of its caller. */
export interface Callers {
  open: undefined;
  account: Actor;
  index: Actor;
  registry: Actor;
}

export type V1Exchange<A extends Access> = Exchange<Callers[A]>;
export type V1Handler<A extends Access> = (ctx: Context, exchange: V1Exchange<A>) => Promise<Reply> | Reply;
export type V1Route = Route<Access, Callers>;

function addressOf(req: IncomingMessage): string {
  return req.socket.remoteAddress ?? 'unknown';
}

async function identify(ctx: Context, req: IncomingMessage): Promise<Actor> {
  const address = addressOf(req);
  const authorization = readAuthorization(req.headers.authorization);
  switch (authorization.kind) {
    case 'none':
      return { kind: 'anonymous', address };
    case 'unknown':
      throw authorizationRequired();
    case 'basic': {
      const { username, password } = authorization;
      // Old engines send `Basic Og==`, an empty name and password, when nobody has logged in.
      if (username === '') return { kind: 'anonymous', address };
      const identity = await verifyCredentials(ctx, username, password, address);
      if (identity === undefined) throw authorizationRequired();
      return { kind: 'user', identity, address };
    }
    case 'token': {
      const token = readToken(ctx.tokenKey, authorization.text);
      if (token.kind === 'empty') return { kind: 'anonymous', address };
      if (token.kind === 'invalid') throw authorizationRequired();
      return tokenActor(token.claims, address);
    }
  }
}

/** express-basic-auth answers a refusal by itself; this makes it an error that goes the way of all others. */
function refusing(refuse: () => void): Response {
  return { status: () => ({ send: refuse, json: refuse }) } as unknown as Response;
}

function requireAccount(ctx: Context, req: IncomingMessage): Promise<Actor> {
  return new Promise((resolve, reject) => {
    let actor: Actor | undefined;
    const authorizer: basicAuth.AsyncAuthorizer = (username, password, done) => {
      verifyCredentials(ctx, username, password, addressOf(req)).then((identity) => {
        if (identity !== undefined) actor = { kind: 'user', identity, address: addressOf(req) };
        done(null, identity !== undefined);
      }, reject);
    };
    const refuse = (): void => {
      reject(new AppError('unauthenticated', 'Unauthorized'));
    };
    const next = (): void => {
      if (actor === undefined) refuse();
      else resolve(actor);
    };
    basicAuth({ authorizeAsync: true, authorizer })(req as Request, refusing(refuse), next);
  });
}

/** The guards of all v1 routes. */
export function v1Guards(ctx: Context): { readonly [A in Access]: Guard<Callers[A]> } {
  const identifying: Guard<Actor> = (req) => identify(ctx, req);
  return {
    open: () => Promise.resolve(undefined),
    account: (req) => requireAccount(ctx, req),
    index: identifying,
    registry: identifying,
  };
}
