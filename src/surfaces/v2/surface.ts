import type { Context } from '../../context';
import { userIdOf } from '../../features/access/actor';
import { createSurface, type Surface } from '../../platform/http/surface';
import { v2Guards } from './access';
import { v2ErrorReply, v2Fallback, v2Headers } from './errors';
import { v2Routes } from './routes';

/** The registry API v2, for today's clients. */
export function v2Surface(ctx: Context, routes = v2Routes(ctx)): Surface {
  return createSurface({
    routes,
    guards: v2Guards(ctx),
    headers: v2Headers,
    errorReply: () => v2ErrorReply(ctx),
    fallback: { path: '/v2', reply: v2Fallback },
    userIdOf: (caller) => userIdOf(caller?.actor),
  });
}
