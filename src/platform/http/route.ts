import type { IncomingMessage, ServerResponse } from 'node:http';
import { empty, json, type Handler, type Reply } from './exchange';

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

/** For a surface that has nothing but its routes' own paths. */
export const ONLY_ITS_PATHS: Fallback = {
  path: undefined,
  reply: (_req, allowed) => json(405, { error: 'Method not allowed' }, { Allow: allowHeader(allowed) }),
};
