import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler, Router } from 'express';
import { answer, type ErrorReply } from './answer';
import { empty, type Handler, type Headers, type Reply } from './exchange';
import { requestState } from './request-state';
import { splitUrl } from './url';

export const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;
export type Method = (typeof METHODS)[number];

/** A door as a row of data. `get` serves HEAD as well. */
export interface Route<Access extends string, Callers extends Record<Access, unknown>> {
  readonly method: Method;
  /** in Express' syntax; with and without a trailing slash are one path */
  readonly path: string;
  /** who may come in at all, and what the handler gets to know of the caller; what he may do is for policy to say */
  readonly access: Access;
  readonly handle: Handler<Callers[Access]>;
}

/** Finds out who asks, or refuses by throwing an AppError. */
export type Guard<Caller> = (req: IncomingMessage, res: ServerResponse) => Promise<Caller>;

/** What answers a request that fits no route. */
export interface Fallback {
  /** everything below this path is this surface's; undefined: only the routes' own paths are */
  readonly path: string | undefined;
  /** @param allowed - the methods that the path does have; empty for a path that is not there at all */
  readonly reply: (req: IncomingMessage, allowed: readonly Method[], res: ServerResponse) => Reply | Promise<Reply>;
}

/** What `Allow` says of a path with these methods. Every path that is there answers OPTIONS. */
export function allowHeader(methods: readonly Method[]): string {
  const named = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return [...named, 'OPTIONS'].join(', ');
}

/** The answer to OPTIONS (RFC 9110, 9.3.7): proxies ask with it whether the server is well. Nobody has to log in. */
export function optionsReply(methods: readonly Method[]): Reply {
  return empty(204, { Allow: allowHeader(methods) });
}

/** Named parts of a path, decoded. */
export type Params = Readonly<Record<string, string>>;

export interface MountOptions<Access extends string, Callers extends Record<Access, unknown>> {
  readonly routes: readonly Route<Access, Callers>[];
  readonly guards: { readonly [A in Access]: Guard<Callers[A]> };
  /** what goes with every answer; the answer's own headers win */
  readonly headers: (reply: Reply) => Headers;
  readonly errorReply: (route: Route<Access, Callers> | undefined) => ErrorReply;
  readonly fallback: Fallback;
}

function register(router: Router, method: Method, path: string, handler: RequestHandler): void {
  if (method === 'get') router.get(path, handler);
  else if (method === 'put') router.put(path, handler);
  else if (method === 'post') router.post(path, handler);
  else if (method === 'patch') router.patch(path, handler);
  else router.delete(path, handler);
}

/** Puts the rows before an Express router, in their order, and the fallback behind them. */
export function mountRoutes<Access extends string, Callers extends Record<Access, unknown>>(
  router: Router,
  options: MountOptions<Access, Callers>,
): void {
  for (const route of options.routes) {
    const respond = responder(route, options);
    register(router, route.method, route.path, (req, res) => respond(req, res, req.params as Params));
  }
  const paths = new Map<string, Method[]>();
  for (const { path, method } of options.routes) paths.set(path, [...(paths.get(path) ?? []), method]);
  // `router.all` would be the same with a layer for each of 34 methods, which was most of the time of making an app.
  for (const [path, methods] of paths) router.route(path).all(fallbackFor(methods, options));
  if (options.fallback.path !== undefined) router.use(options.fallback.path, fallbackFor([], options));
}

/** What answers a request that a router has matched with the route; never throws. */
export function responder<Access extends string, Callers extends Record<Access, unknown>>(
  route: Route<Access, Callers>,
  options: MountOptions<Access, Callers>,
): (req: IncomingMessage, res: ServerResponse, params: Params) => Promise<void> {
  const errorReply = options.errorReply(route);
  return async (req, res, params) => {
    const state = requestState(res);
    state.route = route.path;
    const { path, query } = splitUrl(req.url ?? '');
    const make = async (): Promise<Reply> => {
      const caller = await options.guards[route.access](req, res);
      return route.handle({
        req,
        params,
        query: new URLSearchParams(query),
        caller,
        get signal() {
          return state.signal;
        },
      });
    };
    await answer(res, { make, errorReply, path, headers: options.headers });
  };
}

function fallbackFor<Access extends string, Callers extends Record<Access, unknown>>(
  allowed: readonly Method[],
  options: MountOptions<Access, Callers>,
): RequestHandler {
  const errorReply = options.errorReply(undefined);
  return async (req, res) => {
    const isAsked = req.method === 'OPTIONS' && allowed.length > 0;
    const make = async (): Promise<Reply> =>
      isAsked ? optionsReply(allowed) : options.fallback.reply(req, allowed, res);
    await answer(res, { make, errorReply, path: req.path, headers: options.headers });
  };
}
