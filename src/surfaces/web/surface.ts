import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { userIdOf } from '../../features/access/actor';
import type { Headers, Reply } from '../../platform/http/exchange';
import { createSurface, type Surface } from '../../platform/http/surface';
import { webGuards } from './access';
import { missingPage, wantsPage, webErrorReply } from './errors';
import { webRoutes } from './routes';

/** A page is for one reader at one moment. */
export const pageHeaders = (): Headers => ({ 'Cache-Control': 'no-store' });

/**
 * The pages, and a page for paths that nothing else answers.
 *
 * @param missing - the answer for programs there
 */
export function webSurface(ctx: Context, missing: (req: IncomingMessage) => Reply): Surface {
  return createSurface({
    routes: webRoutes(ctx),
    guards: webGuards(ctx),
    headers: pageHeaders,
    errorReply: () => webErrorReply,
    fallback: {
      path: '/',
      reply: (req, allowed, res) =>
        allowed.length > 0 || wantsPage(req) ? missingPage(ctx, req, res, allowed) : missing(req),
    },
    userIdOf: ({ actor }) => userIdOf(actor),
  });
}
