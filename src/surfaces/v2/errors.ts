import type { Context } from '../../context';
import { ContentError, type ContentProblem } from '../../features/manifests/content-error';
import { AppError, type ErrorCode } from '../../platform/errors';
import type { ErrorReply } from '../../platform/http/answer';
import { json, type Headers, type Reply } from '../../platform/http/exchange';
import type { IncomingMessage } from 'node:http';
import { allowHeader, type Method } from '../../platform/http/route';
import { challengeFor, type ChallengeError } from './challenge';

/** The codes of the distribution specification 1.1, and the one of docker for everything else. */
export type V2Code =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'TAG_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS'
  | 'UNKNOWN';

interface V2ErrorOptions extends ErrorOptions {
  readonly detail?: unknown;
  readonly headers?: Headers;
  /** for a 401: the error of the Bearer token */
  readonly challenge?: ChallengeError;
}

/** A refusal in the words of v2. A 401 gets its challenge from `v2ErrorReply`. */
export class V2Error extends Error {
  override readonly name = 'V2Error';
  readonly detail: unknown;
  readonly headers: Headers;
  readonly challenge: ChallengeError | undefined;

  constructor(
    readonly status: number,
    readonly code: V2Code,
    message: string,
    options: V2ErrorOptions = {},
  ) {
    super(message, options);
    this.detail = options.detail ?? null;
    this.headers = options.headers ?? {};
    this.challenge = options.challenge;
  }
}

/** The answer of docker's registry to a caller who must log in. */
export function unauthorized(challenge?: ChallengeError): V2Error {
  const options = challenge === undefined ? {} : { challenge };
  return new V2Error(401, 'UNAUTHORIZED', 'authentication required', options);
}

/** The answer to a caller who may see the repository, but may not do this; docker prints it. */
export function denied(cause?: unknown): V2Error {
  return new V2Error(403, 'DENIED', 'requested access to the resource is denied', { cause });
}

/** The answer for a repository that does not exist, and for one that the caller may not see. */
export function nameUnknown(cause?: unknown): V2Error {
  return new V2Error(404, 'NAME_UNKNOWN', 'repository name not known to registry', { cause });
}

const REPLIES: Record<ErrorCode, readonly [status: number, code: V2Code | undefined]> = {
  invalid: [400, undefined],
  unauthenticated: [401, 'UNAUTHORIZED'],
  inactive: [401, 'UNAUTHORIZED'],
  forbidden: [403, 'DENIED'],
  password_needed: [403, 'DENIED'],
  not_found: [404, 'NAME_UNKNOWN'],
  conflict: [409, undefined],
  missing_checksum: [400, undefined],
  stale: [412, undefined],
  unconditional: [428, undefined],
  unsupported_type: [415, undefined],
  too_large: [413, 'SIZE_INVALID'],
  busy: [429, 'TOOMANYREQUESTS'],
  closed: [403, 'DENIED'],
  storage_full: [507, 'UNKNOWN'],
  unavailable: [503, 'UNKNOWN'],
};

/** The specification has no code for "invalid" alone: it names the thing. */
function codeOfInvalid(path: string): V2Code {
  if (path.includes('/manifests/')) return 'MANIFEST_INVALID';
  return path.includes('/blobs/uploads') ? 'BLOB_UPLOAD_INVALID' : 'UNSUPPORTED';
}

/** The body and the status of a refusal. */
export function v2Refusal(
  status: number,
  { code, message, detail = null }: { readonly code: V2Code; readonly message: string; readonly detail?: unknown },
  headers: Headers = {},
): Reply {
  return json(status, { errors: [{ code, message, detail }] }, headers);
}

/** The headers of every answer of v2: never `Docker-Distribution-Api-Version`, which would keep engines from v1. */
export function v2Headers(): Headers {
  return { 'X-Content-Type-Options': 'nosniff' };
}

/** Each problem has the name of a code, in lower case. */
function fromContentError(error: ContentError): V2Error {
  const code = error.problem.toUpperCase() as Uppercase<ContentProblem>;
  return new V2Error(REPLIES[error.code][0], code, error.message, { detail: error.detail, cause: error });
}

function fromAppError(error: AppError, path: string): V2Error {
  if (error instanceof ContentError) return fromContentError(error);
  const [status, code = codeOfInvalid(path)] = REPLIES[error.code];
  const message = error.code === 'unauthenticated' ? 'authentication required' : error.message;
  const headers: Headers = error.retryAfterSeconds === undefined ? {} : { 'Retry-After': error.retryAfterSeconds };
  return new V2Error(status, code, message, { headers, cause: error });
}

/** The v2 answer to an error. The cause of an unforeseen error goes to the log, not to the client. */
export function v2ErrorReply(ctx: Context): ErrorReply {
  return (error, { log, path, req }) => {
    if (!(error instanceof V2Error || error instanceof AppError)) {
      log.error({ err: error }, 'request failed');
      return v2Refusal(500, { code: 'UNKNOWN', message: 'internal server error' });
    }
    if (error instanceof AppError && (error.code === 'unavailable' || error.code === 'storage_full'))
      log.warn({ err: error.cause }, error.message);
    const refusal = error instanceof V2Error ? error : fromAppError(error, path);
    const { status, headers } = refusal;
    const challenge = status === 401 ? { 'WWW-Authenticate': challengeFor(ctx, req, refusal.challenge) } : {};
    return v2Refusal(status, refusal, { ...challenge, ...headers });
  };
}

/** More than one slash in the name of a repository. */
const NESTED = /^\/((?:[^/]+\/){2,}[^/]+)\/(?:manifests|blobs|tags|referrers)\//;

/**
 * The answer to a path that no row has, or that has rows for other methods only.
 *
 * @param req.url - below `/v2` if no row has the path
 */
export function v2Fallback(req: IncomingMessage, allowed: readonly Method[]): Reply {
  if (allowed.length > 0) {
    const message = 'the operation is unsupported';
    return v2Refusal(405, { code: 'UNSUPPORTED', message }, { Allow: allowHeader(allowed) });
  }
  const nested = NESTED.exec(req.url ?? '')?.[1];
  const message =
    nested === undefined
      ? 'there is nothing at this address'
      : `no repository can have the name ${nested}: it has more than one "/"`;
  return v2Refusal(404, { code: 'NAME_UNKNOWN', message });
}
