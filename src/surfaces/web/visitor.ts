import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '../../context';
import type { Account, Actor } from '../../features/access/actor';
import { findSession, sessionActor, type Session } from '../../features/accounts/sessions';
import { AppError } from '../../platform/errors';
import { clientAddress } from '../../platform/http/client-address';
import { cookie, readCookie } from '../../platform/http/cookies';
import { csrfToken } from '../../platform/http/csrf';
import { ownOrigin } from '../../platform/http/own-origin';
import { setPageHeaders } from '../../platform/http/page-headers';
import { requestState } from '../../platform/http/request-state';
import { readSessionCookie } from '../../platform/http/session-cookie';
import { isSecret, newSecret } from '../../platform/secrets';
import { readNotice, type Notice } from './notice';
import { readTheme, type ThemeChoice } from './theme';

/** The cookie that identifies a browser without a session, so that its forms have a token too. */
const VISIT_COOKIE = 'drydock_visit';

const SECRET_IN_PATH = /[\w-]{43,}/g;

/** What the provider of OpenID Connect sends with a browser. */
const SECRET_IN_QUERY = /(?<=[?&](?:code|state)=)[^&]*/g;

/** A path below `/account/` or `/hooks/`, or a trigger URL; also in a full URL such as `http://hub.example.com/account/`, as for a proxy. */
const HAS_SECRET = /^(?:https?:\/\/[^/]*)?\/(?:account\/|hooks\/|u\/[^/]+\/[^/]+\/trigger\/)/i;

/** A login in this browser. */
export interface Login {
  readonly account: Account;
  readonly session: Session;
  /** the secret of the cookie */
  readonly secret: string;
  readonly hasSecondFactor: boolean;
  /** false: the account signs in with the provider only */
  readonly hasPassword: boolean;
}

/** A person who looks at a page. */
export interface Visitor {
  readonly address: string;
  readonly actor: Actor;
  /** undefined: the visitor is not logged in */
  readonly login: Login | undefined;
  /** the operator lets everyone create an account */
  readonly canSignUp: boolean;
  /** the name of the provider of OpenID Connect with which users may sign in */
  readonly providerName: string | undefined;
  /** the path and query of the page */
  readonly url: string;
  /** the `scheme://host[:port]` with which this browser reaches us */
  readonly origin: string;
  /** light or dark, in this browser */
  readonly theme: ThemeChoice;
  /** the notice of the page before; shown once */
  readonly notice: Notice | undefined;
  /** the `Set-Cookie` values for the answer */
  readonly cookies: string[];
  /** the token for every form, as `csrf_token` */
  readonly formToken: () => string;
  /**
   * the secret from which the tokens of this browser's forms are derived; undefined: the browser has no cookie of this
   * site
   */
  readonly formSecret: string | undefined;
}

async function loginOf(ctx: Context, req: IncomingMessage): Promise<(Login & { actor: Actor }) | undefined> {
  const secret = readSessionCookie(req);
  if (secret === undefined) return undefined;
  try {
    const found = await findSession(ctx, secret);
    if (found === undefined) return undefined;
    const address = clientAddress(req, ctx.settings.trustsProxy);
    return {
      account: found.account,
      session: found.session,
      secret,
      hasSecondFactor: found.hasSecondFactor,
      hasPassword: found.hasPassword,
      actor: sessionActor(found, address),
    };
  } catch (error) {
    // The session of an inactive account is ignored; its owner sees the pages as an anonymous visitor.
    if (error instanceof AppError && error.code === 'inactive') return undefined;
    throw error;
  }
}

/** Keeps the secrets of mailed links, hooks and triggers out of the request log, whichever route answers them. */
export function hideSecrets(req: IncomingMessage): void {
  const url = req.url ?? '';
  if (HAS_SECRET.test(url))
    requestState(req).loggedUrl = url.replace(SECRET_IN_PATH, ':secret').replace(SECRET_IN_QUERY, ':secret');
}

/**
 * Identifies the visitor, and sets the headers that every page has.
 *
 * @param options.isKnown - false: the visitor need not be identified
 */
export async function welcome(
  ctx: Context,
  req: IncomingMessage,
  res: ServerResponse,
  options: { readonly isKnown: boolean } = { isKnown: true },
): Promise<Visitor> {
  setPageHeaders(req, res);
  const address = clientAddress(req, ctx.settings.trustsProxy);
  const origin = ownOrigin(req, ctx.settings);
  const isSecure = origin.startsWith('https:');
  const login = options.isKnown ? await loginOf(ctx, req) : undefined;
  const visit = readCookie(req, VISIT_COOKIE);
  const formSecret = login?.secret ?? (visit !== undefined && isSecret(visit) ? visit : undefined);
  const notice = readNotice(req, isSecure);
  const cookies = notice === undefined ? [] : [notice.forget];
  let made: string | undefined;
  return {
    address,
    actor: login?.actor ?? { kind: 'anonymous', address },
    login,
    canSignUp: ctx.settings.registrationOpen,
    providerName: ctx.settings.openId?.name,
    url: req.url ?? '/',
    origin,
    theme: readTheme(req),
    notice: notice?.notice,
    cookies,
    formSecret,
    formToken: () => {
      if (formSecret !== undefined) return csrfToken(ctx.tokenKey, formSecret);
      if (made === undefined) {
        made = newSecret();
        cookies.push(cookie(VISIT_COOKIE, made, { maxAgeSeconds: 24 * 3600, isSecure }));
      }
      return csrfToken(ctx.tokenKey, made);
    },
  };
}
