import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Context } from '../../context';
import { assertConfirmed } from '../../features/access/current-account';
import { needsPassword } from '../../features/accounts/guarded-actions';
import { canActForAccount, includes } from '../../features/access/policy';
import { isByteSource } from '../../platform/bytes/byte-source';
import { AppError } from '../../platform/errors';
import { entityTag, assertMatches, isNotModified } from '../../platform/http/etag';
import { empty, type Exchange, type Headers, type Reply } from '../../platform/http/exchange';
import type { Route } from '../../platform/http/route';
import type { Access, Caller, Callers } from './access';
import type { AnyReply, Endpoint } from './endpoint';
import { StatusError } from './errors';
import { readInput } from './input';

/** The headers of every answer, which is for this caller alone. */
export function apiHeaders(): Headers {
  return { 'Cache-Control': 'no-store', Vary: 'Authorization, Cookie', 'X-Content-Type-Options': 'nosniff' };
}

/** @throws AppError `forbidden` if an OAuth token does not allow this */
function assertScope({ scope }: Endpoint, { scopes }: Caller): void {
  if (scopes === undefined || (scope !== undefined && scopes.has(scope))) return;
  const detail = scope === undefined ? 'This cannot be done with an OAuth token' : `The token lacks the scope ${scope}`;
  throw new AppError('forbidden', detail);
}

/**
 * Refuses what an access token does not allow for the account; the policy is more exact for a repository or namespace.
 *
 * @throws AppError `forbidden`
 */
function assertAccessToken({ method, scope, requiresPasswordLogin }: Endpoint, { account }: Caller): void {
  if (account?.accessToken === undefined) return;
  const { access } = account.accessToken;
  const isOfAccount = requiresPasswordLogin === true || scope !== undefined;
  if (requiresPasswordLogin === true && method !== 'get') {
    throw new AppError('forbidden', 'This cannot be done with an access token: log in with your password');
  }
  const isEnough = isOfAccount ? canActForAccount(account) : includes(access, method === 'get' ? 'read' : 'write');
  if (!isEnough) throw new AppError('forbidden', 'This access token does not allow this');
}

/** The text whose hash is the ETag. */
function versionOf({ versionedBy }: Endpoint, body: unknown): string {
  if (versionedBy === undefined) return JSON.stringify(body);
  return JSON.stringify(versionedBy.map((field) => (body as Record<string, unknown>)[field]));
}

/** The reply as it is sent; without its body if the client already has this representation. */
function render(endpoint: Endpoint, req: IncomingMessage, reply: AnyReply): Reply {
  const { status, headers = {}, body } = reply;
  if (body === undefined) return empty(status, headers);
  const mediaType = endpoint.responses[status]?.mediaType;
  const type = { 'Content-Type': mediaType ?? 'application/json' };
  if (typeof body === 'object' && body !== null && isByteSource(body)) {
    return { status, headers: { ...type, ...headers }, body };
  }
  const text = mediaType !== undefined && typeof body === 'string' ? body : JSON.stringify(body);
  if (endpoint.etag === undefined) return { status, headers: { ...type, ...headers }, body: text };
  const tagged = {
    ...headers,
    ETag: entityTag(mediaType === undefined ? versionOf(endpoint, body) : text),
    'Cache-Control': 'private, no-cache',
  };
  const isWhole = endpoint.versionedBy === undefined;
  if (endpoint.method === 'get' && isWhole && isNotModified(req, tagged.ETag)) return empty(304, tagged);
  return { status, headers: { ...type, ...tagged }, body: text };
}

async function handle(ctx: Context, endpoint: Endpoint, exchange: Exchange<Callers[Access]>): Promise<Reply> {
  const { req, caller } = exchange;
  assertScope(endpoint, caller);
  assertAccessToken(endpoint, caller);
  if (needsPassword(endpoint)) assertConfirmed(caller.actor);
  const parsed = await readInput(endpoint, exchange);
  const assertCurrent = (body: unknown): void => {
    assertMatches(req, versionOf(endpoint, body), endpoint.etag === 'required');
  };
  const { signal } = exchange;
  return render(endpoint, req, await endpoint.handle(ctx, { ...parsed, caller, req, signal, assertCurrent }));
}

const keysOf = (schema: z.ZodType | undefined): readonly string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];

/**
 * The error with the full paths of its fields: a feature does not know which part of a request they are. A field that
 * is in no part of the request has its own name.
 */
function withPaths({ params, query, body }: Endpoint, error: AppError): AppError {
  if (error.fields.length === 0) return error;
  const fields = error.fields.map(({ field, message }) => {
    const part = Object.entries({ body, query, path: params }).find(([, schema]) => keysOf(schema).includes(field));
    return { field: part === undefined ? field : `${part[0]}.${field}`, message };
  });
  const { code, message, cause, retryAfterSeconds: wait } = error;
  return new AppError(code, message, { cause, fields, ...(wait === undefined ? {} : { retryAfterSeconds: wait }) });
}

/** The endpoint as a route; the code that mounts it knows nothing of schemas. */
export function toRoute(ctx: Context, endpoint: Endpoint): Route<Access, Callers> {
  const { method, path, access, statuses = {} } = endpoint;
  return {
    method,
    path,
    access,
    handle: async (exchange) => {
      try {
        return await handle(ctx, endpoint, exchange);
      } catch (error) {
        const refusal = endpoint.refusal?.(error);
        if (refusal !== undefined) return render(endpoint, exchange.req, refusal);
        if (!(error instanceof AppError)) throw error;
        const status = statuses[error.code];
        const told = withPaths(endpoint, error);
        throw status === undefined ? told : new StatusError(status, told);
      }
    },
  };
}
