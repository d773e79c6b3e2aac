import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { basicActor, identityOf, type Actor, type Identity } from '../../features/access/actor';
import { recallIdentity } from '../../features/accounts/credentials';
import { verifyRepeated } from '../../features/accounts/repeated-login';
import { BEARER_SECONDS, issueBearerToken } from '../../features/tokens/bearer-token';
import { grantScopes, parseScopes } from '../../features/tokens/scopes';
import { AppError } from '../../platform/errors';
import { readAuthorization } from '../../platform/http/authorization';
import { readBody } from '../../platform/http/body';
import { clientAddress } from '../../platform/http/client-address';
import { json, type Exchange, type Reply } from '../../platform/http/exchange';
import { V2Error } from './errors';

/*
 * The endpoint where clients get Bearer tokens. There are no refresh tokens: docker would store one instead of the
 * password, and v1 of an engine that shares its config.json would be left without either.
 */

/** A form has a name, a password and scopes. */
const FORM_BYTES = 16 * 1024;

/** The challenge of this endpoint asks for Basic, not for a Bearer token of the endpoint itself. */
const BASIC = { 'WWW-Authenticate': 'Basic realm="auth required", charset="UTF-8"' };
const NOT_STORED = { 'Cache-Control': 'no-store' };

type TokenHandler = (ctx: Context, exchange: Pick<Exchange<unknown>, 'req' | 'query'>) => Promise<Reply>;

interface Login {
  readonly username: string;
  readonly password: string;
}

interface Asking {
  /** undefined: an anonymous caller */
  readonly login: Login | undefined;
  readonly scopes: readonly string[];
  readonly address: string;
}

function refused(message: string): V2Error {
  return new V2Error(401, 'UNAUTHORIZED', message, { headers: { ...BASIC, ...NOT_STORED } });
}

async function tokenFor(ctx: Context, actor: Actor, scopes: readonly string[]): Promise<Reply> {
  const granted = await grantScopes(ctx, actor, parseScopes(scopes));
  const issuedAt = new Date();
  const token = issueBearerToken(ctx.tokenKey, { identity: identityOf(actor), ...granted }, issuedAt.getTime());
  const body = { token, access_token: token, expires_in: BEARER_SECONDS, issued_at: issuedAt.toISOString() };
  return json(200, body, NOT_STORED);
}

async function tokenForIdentity(ctx: Context, identity: Identity, { scopes, address }: Asking): Promise<Reply> {
  return tokenFor(ctx, basicActor(identity, address), scopes);
}

async function tokenForLogin(ctx: Context, { username, password }: Login, asking: Asking): Promise<Reply> {
  const known = recallIdentity(ctx, username, password);
  if (known !== undefined) {
    try {
      return await tokenForIdentity(ctx, known, asking);
    } catch (error) {
      // The remembered state has changed since: the credentials are verified below.
      if (!(error instanceof AppError && error.code === 'unauthenticated')) throw error;
    }
  }
  const identity = await verifyRepeated(ctx, username, password, asking.address);
  if (identity === undefined) throw refused('authentication required');
  return tokenForIdentity(ctx, identity, asking);
}

async function answerTo(ctx: Context, asking: Asking): Promise<Reply> {
  const { login, scopes, address } = asking;
  if (login === undefined) return tokenFor(ctx, { kind: 'anonymous', address }, scopes);
  try {
    return await tokenForLogin(ctx, login, asking);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'inactive') throw refused(error.message);
    throw error.code === 'unauthenticated' ? refused('authentication required') : error;
  }
}

function basicLogin(req: IncomingMessage): Login | undefined {
  const authorization = readAuthorization(req.headers.authorization);
  if (authorization.kind === 'none') return undefined;
  if (authorization.kind !== 'basic') throw refused('authentication required');
  return authorization.username === '' ? undefined : authorization;
}

/** `GET /v2/token`: with Basic, or without credentials for an anonymous caller. */
export const getToken: TokenHandler = async (ctx, { req, query }) =>
  answerTo(ctx, {
    login: basicLogin(req),
    scopes: query.getAll('scope'),
    address: clientAddress(req, ctx.settings.trustsProxy),
  });

/** `POST /v2/token`: with a form, which containerd and docker from 29 on try first. */
export const postToken: TokenHandler = async (ctx, { req }) => {
  const form = new URLSearchParams((await readBody(req, FORM_BYTES)).toString());
  const username = form.get('username') ?? '';
  const password = form.get('password');
  if (form.get('grant_type') !== 'password' || username === '' || password === null) {
    const message = 'the form must have a username, a password and grant_type=password: there are no refresh tokens';
    throw new V2Error(400, 'UNSUPPORTED', message, { headers: NOT_STORED });
  }
  return answerTo(ctx, {
    login: { username, password },
    scopes: form.getAll('scope'),
    address: clientAddress(req, ctx.settings.trustsProxy),
  });
};
