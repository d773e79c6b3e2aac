import type { Context } from '../../context';
import { takeCallback } from '../../features/webhooks/callbacks';
import { internalErrorReply, type ErrorReply } from '../../platform/http/answer';
import { parseJson, readBody } from '../../platform/http/body';
import { json } from '../../platform/http/exchange';
import { ONLY_ITS_PATHS, type Route } from '../../platform/http/route';
import { createSurface, type Surface } from '../../platform/http/surface';
import { AppError, type ErrorCode } from '../../platform/errors';

/** A caller has no account: the id in the URL is the secret that authorises the request. */
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

/** Answers an error as `{"error": sentence}`. */
const hookErrorReply: ErrorReply = (error, state) =>
  error instanceof AppError ? json(STATUS[error.code], { error: error.message }) : internalErrorReply(error, state);

/** The routes that receivers of webhooks call back (protocol 6.3). */
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

/** The surface for receivers of webhooks. */
export function hooksSurface(ctx: Context): Surface {
  return createSurface({
    routes: hookRoutes(ctx),
    guards: { open: () => Promise.resolve(undefined) },
    headers: () => ({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }),
    errorReply: () => hookErrorReply,
    fallback: ONLY_ITS_PATHS,
  });
}
