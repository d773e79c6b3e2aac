import type { Context } from '../../context';
import { userIdOf } from '../../features/access/actor';
import { createSurface, type Surface } from '../../platform/http/surface';
import { v1Guards } from './access';
import { v1ErrorReply, v1Fallback } from './errors';
import { v1Headers } from './replies';
import { v1Routes } from './routes';

/** The v1 protocol, which old engines speak. */
export function v1Surface(ctx: Context): Surface {
  return createSurface({
    routes: v1Routes(ctx),
    guards: v1Guards(ctx),
    headers: v1Headers,
    errorReply: v1ErrorReply,
    fallback: { path: '/v1', reply: v1Fallback },
    userIdOf,
  });
}
