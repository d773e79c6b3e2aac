import type { IncomingMessage } from 'node:http';
import { AppError, type ErrorCode } from '../../platform/errors';
import { internalErrorReply, type ErrorReply } from '../../platform/http/answer';
import { json, type Headers, type Reply } from '../../platform/http/exchange';
import { allowHeader, type Method } from '../../platform/http/route';
import type { V1Route } from './access';

const STATUS: Record<ErrorCode, number> = {
  invalid: 400,
  unauthenticated: 401,
  inactive: 403,
  forbidden: 403,
  password_needed: 403,
  not_found: 404,
  conflict: 409,
  missing_checksum: 412,
  stale: 412,
  unconditional: 428,
  unsupported_type: 415,
  too_large: 413,
  busy: 429,
  closed: 401, // 403 would end the login of docker 0.8 and later (protocol 2.2)
  storage_full: 507,
  unavailable: 503,
};

/**
 * The Hub was two programs, and each refused in its own way (protocol 0.3): the index answered a caller without access
 * with a bare JSON string, the registry with an object of strings. Clients decode the object into a map of strings.
 */
type Dialect = 'users' | 'index' | 'registry';

const STRING_CODES: Record<Dialect, (code: ErrorCode) => boolean> = {
  users: () => true,
  index: (code) => code === 'unauthenticated' || code === 'inactive' || code === 'forbidden',
  registry: () => false,
};

/**
 * The Hub's challenge, with the character set of names and passwords (RFC 7617). Every route that asks for credentials
 * takes Basic, and all except those of users take a token. Basic comes first, for tools that read no further; engines
 * do not read the challenge.
 */
const CHALLENGE = 'Basic realm="auth required", charset="UTF-8",Token';

function dialectOf(route: V1Route | undefined): Dialect {
  if (route?.path.startsWith('/v1/users') === true) return 'users';
  return route?.access === 'index' ? 'index' : 'registry';
}

/** Registration answers a name or address that is taken with 400 (protocol 2.2); elsewhere a conflict is 409. */
function statusOf(code: ErrorCode, dialect: Dialect): number {
  return code === 'conflict' && dialect === 'users' ? 400 : STATUS[code];
}

/** No repository can have the name in this path, so the index had no such URL (protocol 0.3). The message says why. */
export class UnknownUrlError extends Error {}

/** The text that an engine prints. It does not show the Retry-After header, so the body says to try again. */
function toPrint({ message, retryAfterSeconds }: AppError): string {
  return retryAfterSeconds === undefined ? message : `${message}, try again later`;
}

/**
 * The v1 answer to an error. Anything other than an AppError is a 500: its cause goes to the log, not to the client.
 */
export function v1ErrorReply(route: V1Route | undefined): ErrorReply {
  const dialect = dialectOf(route);
  return (error, state) => {
    const { log, path } = state;
    if (error instanceof UnknownUrlError) return unknownUrl(path, error.message);
    if (!(error instanceof AppError)) return internalErrorReply(error, state);
    if (error.code === 'unavailable' || error.code === 'storage_full') log.warn({ err: error.cause }, error.message);
    const status = statusOf(error.code, dialect);
    const headers: Headers = {
      ...(status === 401 ? { 'WWW-Authenticate': CHALLENGE } : {}),
      ...(error.retryAfterSeconds === undefined ? {} : { 'Retry-After': error.retryAfterSeconds }),
    };
    // Engines print the body of a refused push after their own words; the Hub's body was an empty string.
    const message = status === 401 && dialect === 'index' ? '' : toPrint(error);
    const body = STRING_CODES[dialect](error.code) ? message : { error: message };
    return json(status, body, headers);
  };
}

/**
 * The index's answer for a URL that it did not know (protocol 0.3).
 *
 * @param reason - a sentence for the person whose engine prints the body
 */
export function unknownUrl(path: string, reason = ''): Reply {
  const text = `The requested URL (${path}) was not found on this server.`;
  return json(404, { status_code: '404', error: reason === '' ? text : `${text} ${reason}.` });
}

/** A name with more than one slash, in a path that begins a push or a pull: engines from 1.8 on accept such names. */
const NESTED = /^\/v1\/repositories\/((?:[^/]+\/){2,}[^/]+)\/(?:images\/?)?$/;

/** The answer to a path that no row has, or not with this method. */
export function v1Fallback(req: IncomingMessage, allowed: readonly Method[]): Reply {
  if (allowed.length === 0) {
    const path = `/v1${(req.url ?? '').split('?')[0] ?? ''}`;
    const nested = NESTED.exec(path)?.[1];
    return unknownUrl(path, nested && `No repository can have the name ${nested}: it has more than one "/"`);
  }
  return json(405, { error: 'Method not allowed' }, { Allow: allowHeader(allowed) });
}
