import type { Context } from '../../context';
import { userIdOf } from '../../features/access/actor';
import { createSurface, type Surface } from '../../platform/http/surface';
import { apiGuards } from './access';
import { docsGuards, docsRoutes } from './docs';
import { ENDPOINTS } from './endpoints';
import { apiErrorReply, apiFallback } from './errors';
import { apiHeaders, toRoute } from './mount';

/** The documentation of the API, as a surface. */
export function docsSurface(): Surface {
  return createSurface({
    routes: docsRoutes,
    guards: docsGuards,
    headers: () => ({ 'X-Content-Type-Options': 'nosniff' }),
    errorReply: () => apiErrorReply,
    fallback: { path: undefined, reply: apiFallback },
  });
}

/** The API for programs; any other path below `/api` is a 404. */
export function apiSurface(ctx: Context): Surface {
  return createSurface({
    routes: ENDPOINTS.map((endpoint) => toRoute(ctx, endpoint)),
    guards: apiGuards(ctx),
    headers: apiHeaders,
    errorReply: () => apiErrorReply,
    fallback: { path: '/api', reply: apiFallback },
    userIdOf: ({ actor }) => userIdOf(actor),
  });
}
