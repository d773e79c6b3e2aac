import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '../../context';
import { AppError, type ErrorCode } from '../../platform/errors';
import type { ErrorReply } from '../../platform/http/answer';
import { empty, type Headers, type Reply } from '../../platform/http/exchange';
import { requestState } from '../../platform/http/request-state';
import { allowHeader, type Method } from '../../platform/http/route';
import { Heading } from './components/page-parts';
import { page } from './reply';
import type { Children } from './view';
import { LoginNeeded } from './access';
import { welcome, type Visitor } from './visitor';

const PROBLEMS: Record<ErrorCode, readonly [status: number, title: string]> = {
  invalid: [400, 'That does not work'],
  unauthenticated: [401, 'Please sign in'],
  inactive: [403, 'This account is not active'],
  forbidden: [403, 'This is not allowed'],
  not_found: [404, 'Not found'],
  conflict: [409, 'That does not work'],
  missing_checksum: [412, 'That does not work'],
  too_large: [413, 'That is too much'],
  busy: [429, 'Please wait'],
  closed: [403, 'This is switched off'],
  storage_full: [507, 'There is no room left'],
  unavailable: [503, 'Please try again'],
  stale: [412, 'It has changed meanwhile'],
  unconditional: [428, 'That does not work'],
  unsupported_type: [415, 'That does not work'],
};

/** A page that says what went wrong, and where to go from there. */
function errorPage(
  visitor: Visitor,
  { status, title, requestId, headers = {} }: { status: number; title: string; requestId: string; headers?: Headers },
  content: Children,
): Reply {
  return page(
    visitor,
    { title, status, headers, isNarrow: true },
    <>
      <Heading title={title} subtitle={`Error ${status}`} />
      {content}
      <p>
        <a href="/">Home</a> · <a href="/explore/">Explore repositories</a>
        {visitor.login === undefined && (
          <>
            {' '}
            · <a href={`/account/login/?next=${encodeURIComponent(visitor.url)}`}>Sign in</a>
          </>
        )}
      </p>
      <p class="fine">
        Request <code>{requestId}</code>
      </p>
    </>,
  );
}

/** Where somebody goes to log in first, and from there to what he wanted. */
function toLogin(visitor: Visitor, req: IncomingMessage): Reply {
  const next = req.method === 'GET' ? `?next=${encodeURIComponent(visitor.url)}` : '';
  return empty(303, { Location: `/account/login/${next}` });
}

/** How a page says what went wrong. Whatever is no AppError is a 500: the cause goes to the log, not outside. */
export function problemReply(error: unknown, visitor: Visitor, req: IncomingMessage): Reply {
  const { requestId, log } = requestState(req);
  if (error instanceof LoginNeeded) return toLogin(visitor, req);
  if (!(error instanceof AppError)) {
    log.error({ err: error }, 'request failed');
    const text = 'It is in the log of this server, under the number below. Its operator can look it up.';
    return errorPage(visitor, { status: 500, title: 'Something went wrong', requestId }, <p>{text}</p>);
  }
  // A login that has ended between the page and the feature.
  if (error.code === 'unauthenticated') return toLogin(visitor, req);
  if (error.code === 'unavailable' || error.code === 'storage_full') log.warn({ err: error.cause }, error.message);
  const [status, title] = PROBLEMS[error.code];
  const { retryAfterSeconds: wait } = error;
  const headers: Headers = wait === undefined ? {} : { 'Retry-After': wait };
  return errorPage(
    visitor,
    { status, title, requestId, headers },
    <p>
      {error.message.replace(/\.$/, '')}.{wait !== undefined && ` Try again in ${wait} seconds.`}
    </p>,
  );
}

/** Nobody could be welcomed: the database is away, or something is broken. Plain, for nothing else is certain. */
export const webErrorReply: ErrorReply = (error, { requestId, log }) => {
  const isOutage = error instanceof AppError && error.code === 'unavailable';
  if (isOutage) log.warn({ err: error.cause }, error.message);
  else log.error({ err: error }, 'request failed');
  const text = isOutage ? 'The database is away. Please try again in a minute.' : 'Something went wrong.';
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', ...(isOutage ? { 'Retry-After': 10 } : {}) };
  return { status: isOutage ? 503 : 500, headers, body: `${text}\nRequest ${requestId}\n` };
};

/** Whether a person looks at it, and no program. */
export function wantsPage(req: IncomingMessage): boolean {
  return req.headers.accept?.includes('text/html') === true;
}

/** A page for what was refused before any row was asked. */
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
    return errorPage(visitor, { status: 404, title: 'Not found', requestId }, <p>There is no such page.</p>);
  }
  const headers = { Allow: allowHeader(allowed) };
  const text = 'This address does not work like that.';
  return errorPage(visitor, { status: 405, title: 'That does not work', requestId, headers }, <p>{text}</p>);
}
