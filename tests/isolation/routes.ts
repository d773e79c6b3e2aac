import type { Context } from '../../src/context';
import type { Scope } from '../../src/features/oauth/scopes';
import { Metrics } from '../../src/platform/metrics/metrics';
import { docsRoutes } from '../../src/surfaces/api/docs';
import { ENDPOINTS } from '../../src/surfaces/api/endpoints';
import { hookRoutes } from '../../src/surfaces/hooks/routes';
import { opsRoutes } from '../../src/surfaces/ops/routes';
import { v1Routes } from '../../src/surfaces/v1/routes';
import { webRoutes } from '../../src/surfaces/web/routes';

/** A way into the server: the programs behind each speak differently, and log in differently. */
export type Door = 'v1' | 'api' | 'web' | 'plain';

/** A route as the process mounts it. */
export interface SweptRoute {
  /** `GET /v1/search` */
  readonly key: string;
  readonly door: Door;
  readonly method: string;
  readonly path: string;
  /** of an endpoint of the API: what an OAuth token must allow */
  readonly scope: Scope | undefined;
}

/** Every route of every surface; the greeting of engines at `/` is told apart from the page. */
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
    ...of('web', webRoutes(ctx)),
  ];
}
