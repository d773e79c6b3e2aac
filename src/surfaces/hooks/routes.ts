import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { HOOK_BYTES, takeHook } from '../../features/builds/hooks/take-hook';
import { takeTrigger } from '../../features/builds/triggers';
import { takeCallback } from '../../features/webhooks/callbacks';
import { internalErrorReply, type ErrorReply } from '../../platform/http/answer';
import { parseJson, readBody } from '../../platform/http/body';
import { clientAddress } from '../../platform/http/client-address';
import { json, type Headers } from '../../platform/http/exchange';
import { ONLY_ITS_PATHS, type Route } from '../../platform/http/route';
import { createSurface, type Surface } from '../../platform/http/surface';
import { AppError, type ErrorCode } from '../../platform/errors';

/** A caller has no account: the id in the URL is a secret, and hooks of git providers are signed. */
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

/** The body of a trigger, as JSON or as a form, whatever its content type says. */
async function readObject(req: IncomingMessage): Promise<unknown> {
  const bytes = await readBody(req, LIMIT_BYTES);
  return parseJson(bytes)?.value ?? Object.fromEntries(new URLSearchParams(bytes.toString()));
}

function retryAfter({ retryAfterSeconds }: AppError): Headers {
  return retryAfterSeconds === undefined ? {} : { 'Retry-After': retryAfterSeconds };
}

/** Answers an error as `{"error": sentence}`. */
const hookErrorReply: ErrorReply = (error, state) =>
  error instanceof AppError
    ? json(STATUS[error.code], { error: error.message }, retryAfter(error))
    : internalErrorReply(error, state);

/** The routes that receivers of webhooks call back (protocol 6.3), and those to which git providers send their hooks. */
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
    {
      method: 'post',
      path: '/hooks/builds/:hookId',
      access: 'open',
      handle: async ({ req, params }) => {
        const body = (): Promise<Buffer> => readBody(req, HOOK_BYTES);
        const taken = await takeHook(ctx, { hookId: params['hookId'] ?? '', headers: req.headers, body });
        return json(taken.status === 'ok' ? 200 : 202, taken);
      },
    },
    {
      method: 'post',
      path: '/u/:namespace/:repository/trigger/:secret',
      access: 'open',
      handle: async ({ req, params }) => {
        const address = clientAddress(req, ctx.settings.trustsProxy);
        const body = (): Promise<unknown> => readObject(req);
        await takeTrigger(ctx, { secret: params['secret'] ?? '', address, body });
        return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: 'OK' };
      },
    },
  ];
}

/** The surface for receivers of webhooks and for git providers. */
export function hooksSurface(ctx: Context): Surface {
  return createSurface({
    routes: hookRoutes(ctx),
    guards: { open: () => Promise.resolve(undefined) },
    headers: () => ({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }),
    errorReply: () => hookErrorReply,
    fallback: ONLY_ITS_PATHS,
  });
}
