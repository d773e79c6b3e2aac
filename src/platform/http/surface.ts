import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler, Router } from 'express';
import { answer, type ErrorReply } from './answer';
import type { Exchange, Headers, Reply } from './exchange';
import { requestState, type RequestState } from './request-state';
import { optionsReply, type Fallback, type Guard, type Method, type Route } from './route';
import { splitUrl } from './url';

/** The named parts of a path, decoded. */
export type Params = Readonly<Record<string, string>>;

/** The parts of a surface. */
export interface SurfaceParts<Access extends string, Callers extends Record<Access, unknown>> {
  readonly routes: readonly Route<Access, Callers>[];
  readonly guards: { readonly [A in Access]: Guard<Callers[A]> };
  /** The headers of every answer; the answer's own headers win. */
  readonly headers: (reply: Reply) => Headers;
  readonly errorReply: (route: Route<Access, Callers> | undefined) => ErrorReply;
  readonly fallback: Fallback;
  /** The account of a caller, for the log; undefined: an anonymous caller. */
  readonly userIdOf?: (caller: Callers[Access]) => number | undefined;
}

/** A route with its guard in front of it. */
export interface MountedRoute {
  readonly method: Method;
  readonly path: string;
  /** Answers a request that a router has matched with this route; never throws. */
  readonly respond: (req: IncomingMessage, res: ServerResponse, params: Params) => Promise<void>;
}

/** One protocol as one value: its routes, and the answer to other requests below its path. */
export interface Surface {
  readonly routes: readonly MountedRoute[];
  /** Everything below this path belongs to this surface; undefined: only the routes' own paths do. */
  readonly path: string | undefined;
  /**
   * Answers a request that matches no route; never throws.
   *
   * @param allowed - the methods that the path does have
   * @param path - the requested path, below the surface's own
   */
  readonly fallBack: (
    req: IncomingMessage,
    res: ServerResponse,
    allowed: readonly Method[],
    path: string,
  ) => Promise<void>;
}

/** A class, because an accessor of its own for each request would cost a hot read a tenth of its speed. */
class RoutedExchange<Caller> implements Exchange<Caller> {
  constructor(
    readonly req: IncomingMessage,
    readonly params: Params,
    readonly query: URLSearchParams,
    readonly caller: Caller,
    private readonly state: RequestState,
  ) {}

  get signal(): AbortSignal {
    return this.state.signal;
  }
}

function mountRoute<Access extends string, Callers extends Record<Access, unknown>>(
  route: Route<Access, Callers>,
  { guards, errorReply: errorReplyOf, headers, userIdOf }: SurfaceParts<Access, Callers>,
): MountedRoute {
  const errorReply = errorReplyOf(route);
  return {
    method: route.method,
    path: route.path,
    respond: async (req, res, params) => {
      const state = requestState(res);
      state.route = route.path;
      const { path, query } = splitUrl(req.url ?? '');
      const createReply = async (): Promise<Reply> => {
        const caller = await guards[route.access](req, res);
        state.userId = userIdOf?.(caller);
        return route.handle(new RoutedExchange(req, params, new URLSearchParams(query), caller, state));
      };
      await answer(res, { createReply, errorReply, path, headers });
    },
  };
}

/** Builds a surface from its parts, regardless of what its guards learn about callers. */
export function createSurface<Access extends string, Callers extends Record<Access, unknown>>(
  parts: SurfaceParts<Access, Callers>,
): Surface {
  const { routes, fallback, headers } = parts;
  const errorReply = parts.errorReply(undefined);
  return {
    routes: routes.map((route) => mountRoute(route, parts)),
    path: fallback.path,
    fallBack: async (req, res, allowed, path) => {
      const isAsked = req.method === 'OPTIONS' && allowed.length > 0;
      const createReply = async (): Promise<Reply> =>
        isAsked ? optionsReply(allowed) : fallback.reply(req, allowed, res);
      await answer(res, { createReply, errorReply, path, headers });
    },
  };
}

function register(router: Router, { method, path, respond }: MountedRoute): void {
  const handler: RequestHandler = (req, res) => respond(req, res, req.params as Params);
  if (method === 'get') router.get(path, handler);
  else if (method === 'put') router.put(path, handler);
  else if (method === 'post') router.post(path, handler);
  else if (method === 'patch') router.patch(path, handler);
  else router.delete(path, handler);
}

/**
 * Adds surfaces to an Express router: first the routes of all, in order, then the answers to other requests, in the same
 * order.
 */
export function mountSurfaces(router: Router, surfaces: readonly Surface[]): void {
  for (const { routes, fallBack } of surfaces) {
    for (const route of routes) register(router, route);
    const paths = new Map<string, Method[]>();
    for (const { path, method } of routes) paths.set(path, [...(paths.get(path) ?? []), method]);
    // `router.all` would be the same with a layer for each of 34 methods, which took two thirds of the time of creating an app.
    for (const [path, methods] of paths) router.route(path).all((req, res) => fallBack(req, res, methods, req.path));
  }
  for (const { path, fallBack } of surfaces) {
    if (path !== undefined) router.use(path, (req, res) => fallBack(req, res, [], req.path));
  }
}
