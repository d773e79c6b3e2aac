import { digestOf } from '../helpers/v2-client';
import type { Sent } from './answers';
import { credentialsOf, type Caller } from './callers';
import { API_BODIES, formOf, V1_BODIES, V2_BYTES, v2Body } from './bodies';
import { isRead, type SweptRoute } from './routes';
import type { Held, Stage, Twin } from './stage';

/*
 * The requests for a route: one with the names of private things, and others with names that do not exist.
 */

/** The values of a path's parameters. */
export type Values = ReadonlyMap<string, string>;

/** Values that are the same in all requests, since they are not secret. */
const PUBLIC: Readonly<Record<string, string>> = {
  org: 'acme',
  username: 'alice',
  mark: 'x',
  secret: 'x'.repeat(43),
  callbackId: 'x'.repeat(43),
  space: 'alice',
};

const USERS = '/api/v1.1/users/:username';

function numbered(route: SweptRoute, stage: Stage): Twin | undefined {
  const { path } = route;
  if (path.startsWith(`${USERS}/tokens/`)) return stage.token;
  if (path.startsWith(`${USERS}/invitations/`)) return stage.invitation;
  if (path.includes('/robots/')) return stage.robotToken;
  if (path.startsWith('/api/v1.1/orgs/')) return stage.orgInvitation;
  if (path.startsWith('/api/v1.1/maintenance/')) return stage.run;
  return { real: '71717', none: '99999' };
}

/** The repository's name if the path has one: in a namespace, or in the library. */
function repositoryTwin({
  path,
}: SweptRoute): { values: Record<string, string>; name: Twin; held: keyof Stage } | undefined {
  const name = /:namespace\/:(name|repository)/.exec(path)?.[1];
  if (name !== undefined) {
    return { values: { namespace: 'alice' }, name: { real: 'vault-real', none: 'vault-none' }, held: 'vault' };
  }
  if (/^\/v2\/:repository|\/repositories\/:repository|^\/_\/:name/.test(path)) {
    return { values: {}, name: { real: 'base-real', none: 'base-none' }, held: 'base' };
  }
  return undefined;
}

/** A manifest by its digest where a digest is what the method is about, or else by a tag. */
function pushedTwin(param: string, { method, path }: SweptRoute, { pushed }: Held): Twin | undefined {
  if (param === 'reference') return method === 'HEAD' || method === 'DELETE' ? pushed.manifest : pushed.tag;
  if (param === 'digest' && path.includes('/referrers/')) return pushed.manifest;
  if (param === 'digest') return method === 'DELETE' ? pushed.spare : pushed.blob;
  return param === 'upload' ? pushed.upload : undefined;
}

function twinOf(param: string, route: SweptRoute, stage: Stage): Twin | undefined {
  const repository = repositoryTwin(route);
  const isName = param === 'repository' || (param === 'name' && repository !== undefined);
  if (isName) return repository?.name;
  const held = stage[repository?.held ?? 'vault'] as Held;
  if (param === 'imageId') return held.image;
  if (route.door === 'v2') return pushedTwin(param, route, held);
  if (param in held) return held[param as keyof Omit<Held, 'pushed' | 'views'>];
  if (param === 'team') return { real: 'crew-real', none: 'crew-none' };
  if (param === 'robot' || (param === 'name' && route.path.includes('/robots/'))) {
    return { real: 'bolt-real', none: 'bolt-none' };
  }
  if (param === 'alias') return { real: 'vault-was', none: 'vault-wax' };
  if (param === 'id') return numbered(route, stage);
  return undefined;
}

function publicValue(param: string, route: SweptRoute): string {
  if (param === 'username' && route.path.includes('/collaborators/')) return 'dora';
  if (param === 'username' && route.path.includes('/members/'))
    return route.method === 'PUT' ? 'acme+bolt-real' : 'mona';
  if (param === 'namespace') return 'alice';
  if (param === 'name') return route.path.includes('/plans/') ? 'free' : 'alice';
  if (param === 'client' || param === 'client_id') return 'c'.repeat(20);
  return PUBLIC[param] ?? param;
}

/**
 * The values of a route's parameters.
 *
 * @returns first the existing ones; then with each private one replaced by a missing one, and with all of them replaced
 */
export function variantsOf(route: SweptRoute, stage: Stage): Values[] {
  const params = [...route.path.matchAll(/:(\w+)/g)].map(([, param]) => param ?? '');
  const twins = params.map((param) => [param, twinOf(param, route, stage)] as const);
  const valuesWith = (isNone: (param: string) => boolean): Values =>
    new Map(
      twins.map(([param, twin]) => [
        param,
        twin === undefined ? publicValue(param, route) : isNone(param) ? twin.none : twin.real,
      ]),
    );
  const privates = twins.flatMap(([param, twin]) => (twin === undefined ? [] : [param]));
  const all = privates.length > 1 ? [valuesWith(() => true)] : [];
  return [valuesWith(() => false), ...privates.map((each) => valuesWith((param) => param === each)), ...all];
}

function bodyOf(route: SweptRoute, values: Values, stage: Stage, formToken: string | undefined): Partial<Sent> {
  if (isRead(route)) return {};
  if (route.door === 'v2') return v2Body(route, values, stage);
  if (route.door === 'web') {
    const fields = { ...formOf(route, values, stage), ...(formToken === undefined ? {} : { csrf_token: formToken }) };
    return {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    };
  }
  const body = (route.door === 'v1' ? V1_BODIES : API_BODIES)[
    route.key.replace('/:namespace/:repository', '/:repository')
  ];
  if (body === undefined) return {};
  const value = typeof body === 'function' ? body(stage, values) : body;
  const isText = typeof value === 'string' && route.key.endsWith('/layer');
  return {
    headers: { 'Content-Type': isText ? 'application/octet-stream' : 'application/json' },
    body: isText ? value : JSON.stringify(value),
  };
}

/** A request of a caller. */
export function requestFor(
  route: SweptRoute,
  values: Values,
  stage: Stage,
  caller: Pick<Caller, 'authorization' | 'cookie'>,
): Sent {
  const { headers, formToken } = credentialsOf(stage.server, caller);
  const { headers: typed = {}, body } = bodyOf(route, values, stage, formToken);
  const path = route.path.replaceAll(/:(\w+)/g, (_, param: string) => encodeURIComponent(values.get(param) ?? ''));
  const accept = route.door === 'web' ? 'text/html' : '*/*';
  const checksum = route.path.endsWith('/checksum') ? { 'X-Docker-Checksum-Payload': `sha256:${'0'.repeat(64)}` } : {};
  const condition = route.door === 'api' && !isRead(route) ? { 'If-Match': '*' } : {};
  return {
    method: route.method,
    path: `${path}${QUERIES[route.key] ?? ''}`,
    headers: { ...headers, ...typed, ...condition, ...checksum, Accept: accept },
    body,
  };
}

const SCOPES = '?service=hub.test&scope=repository:alice/vault-real:*%20repository:base-real:*';
/** The upload of the sweep has no bytes before. */
const COMMIT = `?digest=${digestOf(V2_BYTES)}`;

/** Queries of routes that answer nothing, or too little, without one. */
const QUERIES: Readonly<Record<string, string>> = {
  'GET /v2/token': SCOPES,
  'HEAD /v2/token': SCOPES,
  'PUT /v2/:repository/blobs/uploads/:upload': COMMIT,
  'PUT /v2/:namespace/:repository/blobs/uploads/:upload': COMMIT,
  'GET /v1/search': '?q=vault',
  'GET /api/v1.1/search/': '?q=vault',
  'GET /search': '?q=vault',
  'GET /api/v1.1/repositories/:namespace/:name/images/:image/files/': '?directory=/',
};
