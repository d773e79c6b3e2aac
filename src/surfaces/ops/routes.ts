import type { Context } from '../../context';
import { getHealth, isHealthy } from '../../features/maintenance/health';
import { internalErrorReply } from '../../platform/http/answer';
import { json, type Reply } from '../../platform/http/exchange';
import { ONLY_ITS_PATHS, type Route } from '../../platform/http/route';
import { createSurface, type Surface } from '../../platform/http/surface';
import type { Metrics } from '../../platform/metrics/metrics';

/** The ops doors look at no credentials: keep them from strangers in the proxy, if need be. */
export type OpsRoute = Route<'open', { open: undefined }>;

async function readiness(ctx: Context, isDraining: () => boolean): Promise<Reply> {
  const health = await getHealth(ctx);
  const isReady = isHealthy(health) && !isDraining();
  const status = isDraining() ? 'draining' : isReady ? 'ok' : 'failed';
  return json(isReady ? 200 : 503, { status, ...health });
}

/**
 * The doors for operators: `/healthz` (the process answers), `/readyz` (so do the database and the storage, and it is
 * not about to stop), `/metrics` (for Prometheus).
 */
export function opsRoutes(ctx: Context, metrics: Metrics, isDraining: () => boolean): OpsRoute[] {
  return [
    { method: 'get', path: '/healthz', access: 'open', handle: () => json(200, { status: 'ok' }) },
    { method: 'get', path: '/readyz', access: 'open', handle: () => readiness(ctx, isDraining) },
    {
      method: 'get',
      path: '/metrics',
      access: 'open',
      handle: async () => ({
        status: 200,
        headers: { 'Content-Type': metrics.contentType },
        body: await metrics.text(),
      }),
    },
  ];
}

/** What operators and their programs ask. */
export function opsSurface(ctx: Context, metrics: Metrics, isDraining: () => boolean): Surface {
  return createSurface({
    routes: opsRoutes(ctx, metrics, isDraining),
    guards: { open: () => Promise.resolve(undefined) },
    headers: () => ({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }),
    errorReply: () => internalErrorReply,
    fallback: ONLY_ITS_PATHS,
  });
}
