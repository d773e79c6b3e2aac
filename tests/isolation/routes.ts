import type { Context } from '../../src/context';
import type { Scope } from '../../src/features/oauth/scopes';
import { Metrics } from '../../src/platform/metrics/metrics';
import { docsRoutes } from '../../src/surfaces/api/docs';
import { ENDPOINTS } from '../../src/surfaces/api/endpoints';
import { hookRoutes } from '../../src/surfaces/hooks/routes';
import { opsRoutes } from '../../src/surfaces/ops/routes';
import { v1Routes } from '../../src/surfaces/v1/routes';
import { v2Routes } from '../../src/surfaces/v2/routes';
import { webRoutes } from '../../src/surfaces/web/routes';

/** A surface of the server: each has its own kind of answers and logins. */
export type Door = 'v1' | 'v2' | 'api' | 'web' | 'plain';

/** A route as the process mounts it. */
export interface SweptRoute {
  /** `GET /v1/search` */
  readonly key: string;
  readonly door: Door;
  readonly method: string;
  readonly path: string;
  /** for an endpoint of the API: the scope that an OAuth token needs */
  readonly scope: Scope | undefined;
}

type Named = Pick<SweptRoute, 'method' | 'path'>;

/** The server answers HEAD wherever it answers GET; on v2, clients rely on that. */
function withHead(rows: readonly Named[]): readonly Named[] {
  return rows.flatMap((row) => (row.method === 'get' ? [row, { ...row, method: 'head' }] : [row]));
}

/** Whether a request for the route changes nothing. */
export function isRead({ method }: Pick<SweptRoute, 'method'>): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Every route of every surface; the greeting of engines at `/` is separate from the page. */
export function sweptRoutes(): SweptRoute[] {
  const ctx = {} as Context;
  const of = (
    door: Door,
    rows: readonly { readonly method: string; readonly path: string; readonly scope?: Scope | undefined }[],
  ): SweptRoute[] =>
    rows.map(({ method, path, scope }) => ({
      key: `${method.toUpperCase()} ${door === 'v1' && path === '/' ? '/ (engines)' : path}`,
      door,
      method: method.toUpperCase(),
      path,
      scope,
    }));
  return [
    ...of(
      'plain',
      opsRoutes(ctx, new Metrics(), () => false),
    ),
    ...of('plain', hookRoutes(ctx)),
    ...of('plain', docsRoutes),
    ...of('api', ENDPOINTS),
    ...of('v1', v1Routes(ctx)),
    ...of('v2', withHead(v2Routes(ctx))),
    ...of('web', webRoutes(ctx)),
  ];
}
