import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import type { Account, Identity } from '../../features/accounts/actor';
import { findSession } from '../../features/accounts/sessions';
import { authorize, GrantError } from '../../features/oauth/grants';
import { AppError } from '../../platform/errors';
import type { ErrorReply } from '../../platform/http/answer';
import { readBody } from '../../platform/http/body';
import { clientAddress } from '../../platform/http/client-address';
import { csrfToken, isCsrfToken, isSameOrigin } from '../../platform/http/csrf';
import { empty, type Exchange, type Headers, type Reply } from '../../platform/http/exchange';
import { ownOrigin } from '../../platform/http/own-origin';
import { contentSecurityPolicy, setPageHeaders } from '../../platform/http/page-headers';
import type { Guard, Route } from '../../platform/http/route';
import { readSessionCookie } from '../../platform/http/session-cookie';
import { STATUS } from './errors';
import { logIn } from './login';
import { consentPage, errorPage, loginPage } from './oauth-page-html';
import { readAsked, wantedScopes, type Asked } from './oauth-request';

/*
 * `/api/v1.1/o/authorize/` (protocol 6.2): a client sends a user here; he logs in, says yes or no, and is sent back with
 * a code or an error. All of what was asked stays in the URL, so that the forms carry only the answers.
 */

const PATH = '/api/v1.1/o/authorize/';
const FORM_BYTES = 16 * 1024;

/** A browser, and who is logged in there. */
interface Visitor {
  readonly address: string;
  readonly session: { readonly secret: string; readonly account: Account; readonly identity: Identity } | undefined;
}

type PageAccess = 'page';
type PageCallers = Record<PageAccess, Visitor>;

/** The guard of the pages: whoever comes, may. */
export function oauthPageGuards(ctx: Context): { readonly [A in PageAccess]: Guard<Visitor> } {
  return {
    page: async (req, res) => {
      setPageHeaders(req, res);
      const address = clientAddress(req, ctx.settings.trustsProxy);
      const secret = readSessionCookie(req);
      const found = secret === undefined ? undefined : await findSession(ctx, secret);
      return { address, session: secret === undefined || found === undefined ? undefined : { secret, ...found } };
    },
  };
}

function htmlReply(status: number, body: string, formAction: readonly string[] = [], headers: Headers = {}): Reply {
  const policy = { 'Content-Security-Policy': contentSecurityPolicy({ formAction }) };
  return { status, headers: { 'Content-Type': 'text/html; charset=utf-8', ...policy, ...headers }, body };
}

/** How a page says what went wrong. */
export const pageErrorReply: ErrorReply = (error, { log, requestId }) => {
  if (error instanceof AppError) {
    const wait: Headers = error.retryAfterSeconds === undefined ? {} : { 'Retry-After': error.retryAfterSeconds };
    return htmlReply(STATUS[error.code], errorPage(error.message), [], wait);
  }
  log.error({ err: error }, 'request failed');
  return htmlReply(500, errorPage(`Internal server error (request ${requestId})`));
};

/** Sends the browser back to the client. */
function sendBack({ redirectUri, request }: Asked, answer: Readonly<Record<string, string>>): Reply {
  const url = new URL(redirectUri);
  const { state } = request;
  for (const [name, value] of Object.entries({ ...answer, ...(state === undefined ? {} : { state }) })) {
    url.searchParams.set(name, value);
  }
  return empty(303, { Location: url.href });
}

/** Tells the client of what it did wrong. */
async function orSendBack(asked: Asked, work: () => Promise<Reply> | Reply): Promise<Reply> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GrantError)) throw error;
    return sendBack(asked, { error: error.code, error_description: error.message });
  }
}

/** Where the answer to a form may lead. */
function originOf(redirectUri: string): string {
  const { origin, protocol } = new URL(redirectUri);
  return origin === 'null' ? protocol : origin;
}

function actionOf(query: URLSearchParams): string {
  return `${PATH}?${query.toString()}`;
}

function showPage(ctx: Context, asked: Asked, { query, caller }: Exchange<Visitor>, problem?: string): Reply {
  const scopes = wantedScopes(asked);
  const { name: client } = asked.client;
  const action = actionOf(query);
  const { session } = caller;
  const status = problem === undefined ? 200 : 400;
  if (session === undefined || problem !== undefined) return htmlReply(status, loginPage(client, action, problem));
  const { username } = session.account;
  const consent = { client, username, scopes, action, csrfToken: csrfToken(ctx.tokenKey, session.secret) };
  return htmlReply(status, consentPage(consent), [originOf(asked.redirectUri)]);
}

async function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') throw new AppError('unsupported_type', 'This takes a form only.');
  return new URLSearchParams((await readBody(req, FORM_BYTES)).toString('utf8'));
}

const PROBLEMS = {
  wrong: 'Wrong username or password',
  code_needed: 'This account has a second factor: give its code, too',
  wrong_code: 'The code is wrong, or was used already: wait for the next one',
} as const;

async function answerLogin(
  ctx: Context,
  asked: Asked,
  exchange: Exchange<Visitor>,
  form: URLSearchParams,
): Promise<Reply> {
  const { req, query, caller } = exchange;
  const code = form.get('code')?.trim() ?? '';
  const given = {
    username: form.get('username') ?? '',
    password: form.get('password') ?? '',
    code: code === '' ? undefined : code,
  };
  const login = await logIn(ctx, req, given, caller.address);
  if (login.kind !== 'done') return showPage(ctx, asked, exchange, PROBLEMS[login.kind]);
  return empty(303, { Location: actionOf(query), 'Set-Cookie': login.cookie });
}

async function answerConsent(
  ctx: Context,
  asked: Asked,
  exchange: Exchange<Visitor>,
  form: URLSearchParams,
): Promise<Reply> {
  const { session, address } = exchange.caller;
  if (session === undefined) return showPage(ctx, asked, exchange); // it has ended meanwhile
  const isOurs =
    isSameOrigin(exchange.req, ownOrigin(exchange.req, ctx.settings)) &&
    isCsrfToken(ctx.tokenKey, session.secret, form.get('csrf_token') ?? undefined);
  if (!isOurs) throw new AppError('forbidden', 'The form is not from a page of ours, or too old.');
  if (form.get('step') !== 'allow') throw new GrantError('access_denied', 'the user said no');
  const code = await authorize(ctx, asked.request, asked.client, { ...session, address });
  return sendBack(asked, { code });
}

/** The routes of the pages. */
export function oauthPages(ctx: Context): readonly Route<PageAccess, PageCallers>[] {
  return [
    {
      method: 'get',
      path: PATH,
      access: 'page',
      handle: async (exchange) => {
        const asked = await readAsked(ctx, exchange.query);
        return orSendBack(asked, () => showPage(ctx, asked, exchange));
      },
    },
    {
      method: 'post',
      path: PATH,
      access: 'page',
      handle: async (exchange) => {
        const asked = await readAsked(ctx, exchange.query);
        const form = await readForm(exchange.req);
        const answer = form.get('step') === 'login' ? answerLogin : answerConsent;
        return orSendBack(asked, () => {
          wantedScopes(asked);
          return answer(ctx, asked, exchange, form);
        });
      },
    },
  ];
}
