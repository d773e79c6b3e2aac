import type { IncomingMessage, RequestListener } from 'node:http';
import express, { type Express } from 'express';
import type { Context } from './context';
import { allowOrigins } from './platform/http/cors';
import { createFastLane } from './platform/http/fast-lane';
import { METHODS, optionsReply } from './platform/http/route';
import { mountSurfaces, type Surface } from './platform/http/surface';
import { splitUrl } from './platform/http/url';
import type { Metrics } from './platform/metrics/metrics';
import { apiSurface, docsSurface } from './surfaces/api/surface';
import { hooksSurface } from './surfaces/hooks/routes';
import { opsSurface } from './surfaces/ops/routes';
import { withOneSlash } from './surfaces/v1/requests';
import { v1Surface } from './surfaces/v1/surface';
import { v2Surface } from './surfaces/v2/surface';
import { wantsPage } from './surfaces/web/errors';
import { webSurface } from './surfaces/web/surface';
import { hideSecrets } from './surfaces/web/visitor';
import { isHiddenV2, missing, NOT_FOUND, refuseBrokenPath, replyTo } from './unrouted';

/** What the surfaces need in addition to the context. */
export interface AppParts {
  readonly ctx: Context;
  readonly metrics: Metrics;
  /** Whether the process is about to stop. */
  readonly isDraining: () => boolean;
}

function createExpressApp(ctx: Context, surfaces: readonly Surface[]): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.use((req, _res, next) => {
    hideSecrets(req);
    next();
  });
  mountSurfaces(app, surfaces);
  app.use(refuseBrokenPath(ctx));
  return app;
}

/** `/` is the home page for people, and the greeting of a registry for programs (protocol 4.0). */
function isFirstPage(req: IncomingMessage): boolean {
  const { url = '' } = req;
  return (url === '/' || url.startsWith('/?')) && wantsPage(req);
}

/** The table of contents: the surfaces, in the order in which they are tried. */
export function createApp({ ctx, metrics, isDraining }: AppParts): RequestListener {
  const v1 = v1Surface(ctx);
  const v2 = ctx.settings.v2Engines === 'off' ? [] : [v2Surface(ctx)];
  const web = webSurface(ctx, missing);
  const ops = opsSurface(ctx, metrics, isDraining);
  const surfaces = [ops, hooksSurface(ctx), v1, ...v2, docsSurface(), apiSurface(ctx), web];
  const lane = createFastLane([v1, ...v2]);
  const app = createExpressApp(ctx, surfaces);
  const pages = createExpressApp(ctx, [web]);
  return (req, res) => {
    req.url = withOneSlash(req.url ?? '');
    allowOrigins(ctx.settings.corsOrigins, req, res);
    if (isHiddenV2(ctx, req)) replyTo(req, res, NOT_FOUND);
    else if (req.method === 'OPTIONS' && req.url === '*') replyTo(req, res, optionsReply(METHODS));
    else if (isFirstPage(req)) pages(req, res);
    else if (!lane(req, res)) app(req, res);
  };
}

/**
 * Limits the legacy listener to the protocol of old engines, because its TLS protects little.
 *
 * @param app - answers the allowed requests
 */
export function createLegacyListener(app: RequestListener): RequestListener {
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
