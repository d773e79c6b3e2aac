import type { Context } from '../../context';
import { getHealth, isHealthy } from '../../features/maintenance/health';
import { internalErrorReply } from '../../platform/http/answer';
import { json, type Reply } from '../../platform/http/exchange';
import { ONLY_ITS_PATHS, type Route } from '../../platform/http/route';
import { createSurface, type Surface } from '../../platform/http/surface';
import { BUILD } from '../../platform/process/build';
import type { Metrics } from '../../platform/metrics/metrics';
import { processFigures, siteFigures } from './figures';

/** These routes ignore credentials: the proxy can keep untrusted clients away from them. */
export type OpsRoute = Route<'open', { open: undefined }>;

async function readiness(ctx: Context, isDraining: () => boolean): Promise<Reply> {
  const health = await getHealth(ctx);
  const isReady = isHealthy(health) && !isDraining();
  const status = isDraining() ? 'draining' : isReady ? 'ok' : 'failed';
  return json(isReady ? 200 : 503, { status, ...health });
}

/**
 * The routes for operators: `/healthz` (the process answers, with its version), `/readyz` (the database and the storage answer
 * too, and the process is not stopping), `/metrics` (for Prometheus).
 */
export function opsRoutes(ctx: Context, metrics: Metrics, isDraining: () => boolean): OpsRoute[] {
  return [
    { method: 'get', path: '/healthz', access: 'open', handle: () => json(200, { status: 'ok', ...BUILD }) },
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

/** The surface for operators and their programs. */
export function opsSurface(ctx: Context, metrics: Metrics, isDraining: () => boolean): Surface {
  metrics.watchProcess(processFigures(ctx));
  metrics.watchSite(siteFigures(ctx));
  return createSurface({
    routes: opsRoutes(ctx, metrics, isDraining),
    guards: { open: () => Promise.resolve(undefined) },
    headers: () => ({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }),
    errorReply: () => internalErrorReply,
    fallback: ONLY_ITS_PATHS,
  });
}
