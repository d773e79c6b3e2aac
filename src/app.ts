import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Context } from './context';
import { usesV1 } from './surfaces/v1/engine';
import { AppError } from './platform/errors';
import { answer, type ErrorReply } from './platform/http/answer';
import { json, type Headers, type Reply } from './platform/http/exchange';
import { allowOrigins } from './platform/http/cors';
import { createFastLane } from './platform/http/fast-lane';
import {
  allowHeader,
  METHODS,
  mountRoutes,
  optionsReply,
  type Fallback,
  type Method,
  type MountOptions,
} from './platform/http/route';
import { splitUrl } from './platform/http/url';
import type { Metrics } from './platform/metrics/metrics';
import { hookErrorReply, hookRoutes } from './surfaces/hooks/routes';
import { apiGuards } from './surfaces/api/access';
import { docsGuards, docsRoutes } from './surfaces/api/docs';
import { ENDPOINTS } from './surfaces/api/endpoints';
import { apiErrorReply, apiFallback } from './surfaces/api/errors';
import { apiHeaders, toRoute } from './surfaces/api/mount';
import { opsRoutes } from './surfaces/ops/routes';
import { v1Guards, type Access, type Callers } from './surfaces/v1/access';
import { v1ErrorReply, v1Fallback } from './surfaces/v1/errors';
import { v1Headers } from './surfaces/v1/replies';
import { withOneSlash } from './surfaces/v1/requests';
import { v1Routes } from './surfaces/v1/routes';
import { webGuards, type Access as WebAccess } from './surfaces/web/access';
import { missingPage, refusalPage, wantsPage, webErrorReply } from './surfaces/web/errors';
import { webRoutes } from './surfaces/web/routes';
import { hideSecrets, type Visitor } from './surfaces/web/visitor';

/** What the surfaces need in addition to the context. */
export interface AppParts {
  readonly ctx: Context;
  readonly metrics: Metrics;
  /** Whether the process is about to stop. */
  readonly isDraining: () => boolean;
}

/**
 * The answer for an unknown path. Engines request `/v2/` and must find that it does not exist: a 404 without
 * `Docker-Distribution-Api-Version` sends them back to v1 (protocol 0.4), and this is the body that we tested them
 * with.
 */
const NOT_FOUND: Reply = { status: 404, headers: { 'Content-Type': 'text/plain' }, body: '404 page not found\n' };

/** Current tools read the error of v2 and show its sentence; given plain text they report that they cannot read it. */
const NO_V2: Reply = json(404, {
  errors: [
    {
      code: 'NAME_UNKNOWN',
      message:
        'this hub speaks the v1 protocol of docker only: use docker 17.11 or older, from 17.06 on with --disable-legacy-registry=false',
      detail: null,
    },
  ],
});

/** The answer for a path that no surface has. */
function missing(req: IncomingMessage): Reply {
  const isV2 = /^\/v2(\/|$)/.test(splitUrl(req.url ?? '').path);
  return isV2 && !usesV1(req.headers['user-agent']) ? NO_V2 : NOT_FOUND;
}

async function notFound(
  ctx: Context,
  req: IncomingMessage,
  allowed: readonly Method[],
  res: ServerResponse,
): Promise<Reply> {
  return allowed.length > 0 || wantsPage(req) ? missingPage(ctx, req, res, allowed) : missing(req);
}

const errorReply: ErrorReply = (error, { requestId, log }) => {
  log.error({ err: error }, 'request failed');
  return json(500, { error: 'Internal server error', request_id: requestId });
};

/** Pages are for one reader, at one moment. */
const pageHeaders = (): Headers => ({ 'Cache-Control': 'no-store' });

/** Express itself refuses only a path with broken escapes. */
function refuseWith(ctx: Context): ErrorRequestHandler {
  return async (error: unknown, req, res, _next) => {
    const isApi = req.path.startsWith('/api/');
    const make = async (): Promise<Reply> => {
      if (!(error instanceof URIError)) throw error;
      const refusal = new AppError(
        'invalid',
        'The address is broken: a % in it has no two hexadecimal digits behind it',
      );
      if (isApi) throw refusal;
      return wantsPage(req) ? refusalPage(ctx, req, res, refusal) : json(400, { error: 'Bad request' });
    };
    const otherHeaders = wantsPage(req) ? pageHeaders : v1Headers;
    const style = isApi ? { errorReply: apiErrorReply, headers: apiHeaders } : { errorReply, headers: otherHeaders };
    await answer(res, { make, path: req.path, ...style });
  };
}

/** The v1 surface, as the fast lane and Express both get it. */
function v1Surface(ctx: Context): MountOptions<Access, Callers> {
  return {
    routes: v1Routes(ctx),
    guards: v1Guards(ctx),
    headers: v1Headers,
    errorReply: v1ErrorReply,
    fallback: { path: '/v1', reply: v1Fallback },
  };
}

/** The API and its documentation; any other path below `/api` is not found. */
function mountApi(app: Express, ctx: Context): void {
  mountRoutes(app, {
    routes: docsRoutes,
    guards: docsGuards,
    headers: () => ({ 'X-Content-Type-Options': 'nosniff' }),
    errorReply: () => apiErrorReply,
    fallback: { path: undefined, reply: apiFallback },
  });
  mountRoutes(app, {
    routes: ENDPOINTS.map((endpoint) => toRoute(ctx, endpoint)),
    guards: apiGuards(ctx),
    headers: apiHeaders,
    errorReply: () => apiErrorReply,
    fallback: { path: '/api', reply: apiFallback },
  });
}

/** The pages, and the answer for every path that nothing else handles. */
function webSurface(ctx: Context): MountOptions<WebAccess, Record<WebAccess, Visitor>> {
  return {
    routes: webRoutes(ctx),
    guards: webGuards(ctx),
    headers: pageHeaders,
    errorReply: () => webErrorReply,
    fallback: { path: '/', reply: (req, allowed, res) => notFound(ctx, req, allowed, res) },
  };
}

/** `/` is the home page for people, and the greeting of a registry for programs (protocol 4.0). */
function isFirstPage(req: IncomingMessage): boolean {
  const { url = '' } = req;
  return (url === '/' || url.startsWith('/?')) && wantsPage(req);
}

/** The answer of the operator and webhook routes to an unsupported method. */
const otherMethod: Fallback = {
  path: undefined,
  reply: (_req, allowed) => json(405, { error: 'Method not allowed' }, { Allow: allowHeader(allowed) }),
};

function createExpressApp({ ctx, metrics, isDraining }: AppParts, v1: MountOptions<Access, Callers>): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.use((req, _res, next) => {
    hideSecrets(req);
    next();
  });
  mountRoutes(app, {
    routes: opsRoutes(ctx, metrics, isDraining),
    guards: { open: () => Promise.resolve(undefined) },
    headers: () => ({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }),
    errorReply: () => errorReply,
    fallback: otherMethod,
  });
  mountRoutes(app, {
    routes: hookRoutes(ctx),
    guards: { open: () => Promise.resolve(undefined) },
    headers: () => ({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }),
    errorReply: () => hookErrorReply,
    fallback: otherMethod,
  });
  const web = webSurface(ctx);
  const isBelowApi = ({ path }: { readonly path: string }): boolean => path.startsWith('/api/');
  const pages = express.Router({ caseSensitive: true });
  mountRoutes(pages, { ...web, routes: web.routes.filter((route) => !isBelowApi(route)) });
  app.use((req, res, next) => {
    if (isFirstPage(req)) pages(req, res, next);
    else next();
  });
  mountRoutes(app, v1);
  // One page has a path below the API's, so it is tried before the API says that nothing else exists.
  mountRoutes(app, { ...web, routes: web.routes.filter(isBelowApi), fallback: { ...web.fallback, path: undefined } });
  mountApi(app, ctx);
  app.use(pages);
  app.use(refuseWith(ctx));
  return app;
}

/** The table of contents: the surfaces, in the order in which they are tried. */
export function createApp(parts: AppParts): RequestListener {
  const v1 = v1Surface(parts.ctx);
  const lane = createFastLane(v1);
  const app = createExpressApp(parts, v1);
  return (req, res) => {
    req.url = withOneSlash(req.url ?? '');
    allowOrigins(parts.ctx.settings.corsOrigins, req, res);
    if (req.method === 'OPTIONS' && req.url === '*') replyTo(req, res, optionsReply(METHODS));
    else if (isFirstPage(req) || !lane(req, res)) app(req, res);
  };
}

/** Sends an answer that is the same for every caller. */
function replyTo(req: IncomingMessage, res: ServerResponse, reply: Reply): void {
  const { path } = splitUrl(req.url ?? '');
  void answer(res, { make: () => Promise.resolve(reply), errorReply, path, headers: () => ({}) });
}

/**
 * Limits the legacy listener to the protocol of old engines, because its TLS protects little.
 *
 * @param app - answers the allowed requests
 */
export function legacyDoor(app: RequestListener): RequestListener {
  return (req, res) => {
    req.url = withOneSlash(req.url ?? '');
    const { path } = splitUrl(req.url);
    const isProtocol = path.startsWith('/v1/') || path === '/_ping';
    // A proxy in front uses either of these to check whether the listener is open.
    const isHealthCheck = req.method === 'OPTIONS' && (path === '/' || path === '*');
    if (isProtocol || isHealthCheck) app(req, res);
    else replyTo(req, res, NOT_FOUND);
  };
}
