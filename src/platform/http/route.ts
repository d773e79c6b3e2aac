import type { IncomingMessage, ServerResponse } from 'node:http';
import { empty, json, type Handler, type Reply } from './exchange';

export const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;
export type Method = (typeof METHODS)[number];

/** A route as a row of data. `get` serves HEAD as well. */
export interface Route<Access extends string, Callers extends Record<Access, unknown>> {
  readonly method: Method;
  /** The path in Express' syntax; with and without a trailing slash are one path. */
  readonly path: string;
  /**
   * Who may call the route at all, and what the handler learns about the caller; the policy decides what they may do.
   */
  readonly access: Access;
  readonly handle: Handler<Callers[Access]>;
}

/** Identifies the caller, or refuses by throwing an AppError. */
export type Guard<Caller> = (req: IncomingMessage, res: ServerResponse) => Promise<Caller>;

/** What answers a request that matches no route. */
export interface Fallback {
  /** Everything below this path belongs to this surface; undefined: only the routes' own paths do. */
  readonly path: string | undefined;
  /** @param allowed - the methods that the path does have; empty for an unknown path */
  readonly reply: (req: IncomingMessage, allowed: readonly Method[], res: ServerResponse) => Reply | Promise<Reply>;
}

/** The value of `Allow` for a path with these methods. Every known path answers OPTIONS. */
export function allowHeader(methods: readonly Method[]): string {
  const named = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return [...named, 'OPTIONS'].join(', ');
}

/**
 * The answer to OPTIONS (RFC 9110, 9.3.7): proxies use it to check whether the server is healthy. It needs no login.
 */
export function optionsReply(methods: readonly Method[]): Reply {
  return empty(204, { Allow: allowHeader(methods) });
}

/** The fallback of a surface that consists only of its routes' own paths. */
export const ONLY_ITS_PATHS: Fallback = {
  path: undefined,
  reply: (_req, allowed) => json(405, { error: 'Method not allowed' }, { Allow: allowHeader(allowed) }),
};
