import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '../../context';
import { AppError } from '../../platform/errors';
import type { ErrorReply } from '../../platform/http/answer';
import { empty, type Reply } from '../../platform/http/exchange';
import { requestState } from '../../platform/http/request-state';
import { allowHeader, type Method } from '../../platform/http/route';
import { bareErrorPage, errorPage } from './error-page';
import { LoginNeeded } from './access';
import { PasswordNeeded } from './confirm-password';
import { confirmPasswordPage } from './confirm-password-page';
import { faultOf, PROBLEMS } from './problems';
import { welcome, type Visitor } from './visitor';

const BROKEN = 'Something went wrong';
const IN_THE_LOG = "The error is in the server's log under the number below, where its operator can look it up.";

/** A hint that the message does not contain. */
function hintOf({ code, retryAfterSeconds: wait }: AppError, { login }: Visitor): string | undefined {
  if (code === 'unavailable' && wait === undefined) return 'Try again in a minute.';
  if (code === 'not_found' && login === undefined) return 'If it is private, sign in to see it.';
  if (code === 'forbidden' && login !== undefined) return `You are signed in as ${login.account.username}.`;
  return undefined;
}

/** Redirects to the login, and after it to the requested page. */
function toLogin(visitor: Visitor, req: IncomingMessage): Reply {
  const next = req.method === 'GET' ? `?next=${encodeURIComponent(visitor.url)}` : '';
  return empty(303, { Location: `/account/login/${next}` });
}

/** The page for an error. Anything other than an AppError is a 500: its cause goes to the log, not to the client. */
export function problemReply(error: unknown, visitor: Visitor, req: IncomingMessage): Reply {
  const { requestId, log } = requestState(req);
  if (error instanceof LoginNeeded) return toLogin(visitor, req);
  if (error instanceof PasswordNeeded) return confirmPasswordPage(visitor, req, error);
  if (!(error instanceof AppError)) {
    log.error({ err: error }, 'request failed');
    return errorPage(visitor, req, { status: 500, title: BROKEN, requestId }, <p>{IN_THE_LOG}</p>);
  }
  // The login ended after the page was admitted and before the feature checked it.
  if (error.code === 'unauthenticated') return toLogin(visitor, req);
  if (error.code === 'unavailable' || error.code === 'storage_full') log.warn({ err: error.cause }, error.message);
  const [status, title] = PROBLEMS[error.code];
  const { text, headers = {} } = faultOf(error);
  return errorPage(
    visitor,
    req,
    { status, title, requestId, headers },
    <p>
      {text} {hintOf(error, visitor)}
    </p>,
  );
}

/**
 * The page if the visitor could not be identified, because the database is unavailable or something is broken. It is
 * bare, since nothing else is known to work.
 */
export const webErrorReply: ErrorReply = (error, { requestId, log }) => {
  if (error instanceof AppError && error.code === 'unavailable') {
    log.warn({ err: error.cause }, error.message);
    const mishap = { status: 503, title: 'Service unavailable', requestId, headers: { 'Retry-After': 10 } };
    return bareErrorPage(mishap, <p>The database of this hub is unavailable. Reload the page in a minute.</p>);
  }
  log.error({ err: error }, 'request failed');
  return bareErrorPage({ status: 500, title: BROKEN, requestId }, <p>{IN_THE_LOG}</p>);
};

/** Whether the client is a browser, which shows a page to a person. */
export function wantsPage(req: IncomingMessage): boolean {
  return req.headers.accept?.includes('text/html') === true;
}

/** A page for a request that was refused before any row was found. */
export async function refusalPage(
  ctx: Context,
  req: IncomingMessage,
  res: ServerResponse,
  error: AppError,
): Promise<Reply> {
  return problemReply(error, await welcome(ctx, req, res), req);
}

/** A page for a path that no row has, or not with this method. */
export async function missingPage(
  ctx: Context,
  req: IncomingMessage,
  res: ServerResponse,
  allowed: readonly Method[],
): Promise<Reply> {
  const visitor = await welcome(ctx, req, res);
  const { requestId } = requestState(req);
  if (allowed.length === 0) {
    const text = 'This page does not exist. Try the search field above.';
    return errorPage(visitor, req, { status: 404, title: 'Not found', requestId }, <p>{text}</p>);
  }
  const headers = { Allow: allowHeader(allowed) };
  const text = 'This page does not support this kind of request.';
  return errorPage(visitor, req, { status: 405, title: 'Method not allowed', requestId, headers }, <p>{text}</p>);
}
