import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { AppError, type ErrorCode, type FieldError } from '../../platform/errors';
import type { ErrorReply } from '../../platform/http/answer';
import { json, type Headers, type Reply } from '../../platform/http/exchange';
import { requestState } from '../../platform/http/request-state';
import { allowHeader, type Method } from '../../platform/http/route';

/** The status of each error, unless the row of the endpoint has another one. */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid: 400,
  unauthenticated: 401,
  inactive: 403,
  forbidden: 403,
  password_needed: 403,
  closed: 403,
  not_found: 404,
  conflict: 409,
  missing_checksum: 412,
  stale: 412,
  too_large: 413,
  unsupported_type: 415,
  unconditional: 428,
  busy: 429,
  unavailable: 503,
  storage_full: 507,
};

/** A problem as in RFC 9457. */
export const problemSchema = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string().describe('The meaning of the status'),
    status: z.int(),
    detail: z.string().describe('What went wrong, in a sentence'),
    code: z.string().describe('Error code for programs'),
    request_id: z.string().describe("Also in the X-Request-Id header and in the server's log"),
    errors: z
      .array(z.strictObject({ field: z.string(), message: z.string() }))
      .optional()
      .describe('Which parts of the request are invalid'),
  })
  .meta({ id: 'Problem' });

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly fields?: readonly FieldError[];
  readonly headers?: Headers;
}

function problem({ status, code, detail, requestId, fields = [], headers = {} }: Problem): Reply {
  const body: z.input<typeof problemSchema> = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    request_id: requestId,
    ...(fields.length === 0 ? {} : { errors: [...fields] }),
  };
  return json(status, body, { ...headers, 'Content-Type': 'application/problem+json' });
}

/** An error with the status from the row of its endpoint. */
export class StatusError extends Error {
  constructor(
    readonly status: number,
    override readonly cause: AppError,
  ) {
    super(cause.message);
  }
}

/** What a program can do about `password_needed`. */
const CONFIRM = 'send it, with a code if the second factor is on, to POST /api/v1.1/session/confirm/, and try again';

const CHALLENGE = 'Basic realm="Drydock", charset="UTF-8", Bearer realm="Drydock"';

/**
 * The API's answer to an error. Anything other than an AppError is a 500: its cause goes to the log, not to the client.
 */
export const apiErrorReply: ErrorReply = (thrown, { requestId, log }) => {
  const error: unknown = thrown instanceof StatusError ? thrown.cause : thrown;
  if (!(error instanceof AppError)) {
    log.error({ err: error }, 'request failed');
    return problem({ status: 500, code: 'internal', detail: 'Internal server error', requestId });
  }
  if (error.code === 'unavailable' || error.code === 'storage_full') log.warn({ err: error.cause }, error.message);
  const status = thrown instanceof StatusError ? thrown.status : STATUS[error.code];
  const headers: Headers = {
    ...(status === 401 ? { 'WWW-Authenticate': CHALLENGE } : {}),
    ...(error.retryAfterSeconds === undefined ? {} : { 'Retry-After': error.retryAfterSeconds }),
  };
  const { code, message, fields } = error;
  const detail = code === 'password_needed' ? `${message}: ${CONFIRM}` : message;
  return problem({ status, code, detail, requestId, fields, headers });
};

/** The answer to a path that no row has, or not with this method. */
export function apiFallback(req: IncomingMessage, allowed: readonly Method[]): Reply {
  const { requestId } = requestState(req);
  if (allowed.length === 0) return problem({ status: 404, code: 'not_found', detail: 'No such endpoint', requestId });
  const headers = { Allow: allowHeader(allowed) };
  return problem({
    status: 405,
    code: 'method',
    detail: 'This endpoint does not support this method',
    requestId,
    headers,
  });
}
