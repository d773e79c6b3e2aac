import type { Context } from '../../context';
import { takeCallback } from '../../features/webhooks/callbacks';
import type { ErrorReply } from '../../platform/http/answer';
import { parseJson, readBody } from '../../platform/http/body';
import { json } from '../../platform/http/exchange';
import type { Route } from '../../platform/http/route';
import { AppError, type ErrorCode } from '../../platform/errors';

/** Who calls back has no account: the id in the URL is the secret that lets him in. */
export type HookRoute = Route<'open', { open: undefined }>;

const LIMIT_BYTES = 16 * 1024;

const STATUS: Record<ErrorCode, number> = {
  invalid: 400,
  unauthenticated: 401,
  inactive: 403,
  forbidden: 403,
  password_needed: 403,
  not_found: 404,
  conflict: 409,
  missing_checksum: 412,
  too_large: 413,
  busy: 429,
  closed: 403,
  storage_full: 507,
  unavailable: 503,
  stale: 412,
  unconditional: 428,
  unsupported_type: 415,
};

/** Says what went wrong as `{"error": sentence}`. */
export const hookErrorReply: ErrorReply = (error, { requestId, log }) => {
  if (error instanceof AppError) return json(STATUS[error.code], { error: error.message });
  log.error({ err: error }, 'request failed');
  return json(500, { error: 'Internal server error', request_id: requestId });
};

/** What receivers of webhooks call back (protocol 6.3). */
export function hookRoutes(ctx: Context): HookRoute[] {
  return [
    {
      method: 'post',
      path: '/u/:namespace/:repository/hook/:callbackId',
      access: 'open',
      handle: async ({ req, params }) => {
        const { namespace = '', repository: name = '', callbackId = '' } = params;
        const body = async (): Promise<unknown> => parseJson(await readBody(req, LIMIT_BYTES))?.value;
        await takeCallback(ctx, { namespace, name }, callbackId, body);
        return json(200, { status: 'ok' });
      },
    },
  ];
}
