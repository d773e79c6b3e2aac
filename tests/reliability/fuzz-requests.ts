import fc from 'fast-check';
import type { Context } from '../../src/context';
import { v1Routes } from '../../src/surfaces/v1/routes';

/*
 * Requests that no sane client would send, generated from the route table: a path that fits a route, or nearly, with
 * odd parts, odd credentials, odd headers and odd bodies.
 */

export interface BadRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** What exists on the fuzzed server: some requests should pass the first check. */
export interface Known {
  readonly imageIds: readonly string[];
  readonly repositories: readonly string[];
  readonly authorizations: readonly string[];
}

const ROUTES = v1Routes({} as Context).map(({ path }) => path);
const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'];

/** Characters that may be in a header or path without ending the request line. */
const visible = fc.string({
  unit: fc.constantFrom(...Array.from('abcdefXYZ0189-_.~:=,;"\'/\\%<>{}[]|^`!@#$&*()+ ')),
  maxLength: 60,
});

const oddPart = fc.oneof(
  fc.constantFrom('..', '.', '%2e%2e', '%00', 'a%00b', '%ff%fe', '%', '%zz', '%2F', 'a%2Fb', '..%2f..%2fetc', '*', '~'),
  fc.constantFrom('library', 'images', 'tags', 'json', 'layer', 'properties', 'auth', 'A'.repeat(300), '0'.repeat(64)),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => encodeURIComponent(text)),
  visible.map((text) => encodeURIComponent(text)),
);

const oddJson = fc.oneof(
  fc.json(),
  fc.constantFrom('', '[', '{}', '[]', '[{}]', '[[]]', 'null', 'true', '1e999', '"\\ud800"', '{"__proto__":{"id":1}}'),
  fc.constantFrom('[{"id":null}]', '[{"id":{"$gt":""}}]', '{"id":1}', '{"username":[],"password":{},"email":1}'),
  fc.constant('['.repeat(5000)),
  fc.constant(
    `{"username":"${'a'.repeat(200)}\\u0000","password":"\\u0000\\u0000\\u0000\\u0000\\u0000","email":"a@b"}`,
  ),
);

const body = fc.oneof(
  fc.constant(undefined),
  oddJson.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

function pathOf(route: string, parts: readonly string[]): string {
  let next = 0;
  return route.replace(/:\w+/g, () => parts[next++ % Math.max(1, parts.length)] ?? 'x');
}

function path(known: Known): fc.Arbitrary<string> {
  const part = fc.oneof(
    oddPart,
    fc.constantFrom(...known.imageIds),
    fc.constantFrom('alice', 'app', 'secret', 'latest'),
  );
  const fitting = fc
    .tuple(fc.constantFrom(...ROUTES), fc.array(part, { minLength: 1, maxLength: 4 }))
    .map(([route, parts]) => pathOf(route, parts));
  const free = fc.array(part, { maxLength: 7 }).map((parts) => `/v1/${parts.join('/')}`);
  const query = fc.oneof(
    fc.constant(''),
    visible.map((text) => `?q=${encodeURIComponent(text)}`),
    fc.constantFrom('?q=%00', '?q=%', '?n=-1&page=1e99', '?format=index', '?q[]=a&q[]=b', '?page=99999999999999999999'),
  );
  return fc.tuple(fc.oneof({ weight: 4, arbitrary: fitting }, free), query).map(([start, end]) => start + end);
}

function authorization(known: Known): fc.Arbitrary<string | undefined> {
  const oddToken = fc.oneof(
    visible.map((text) => `Token ${text}`),
    fc
      .constantFrom(...known.repositories)
      .map((name) => `Token signature=${'0'.repeat(90)},repository="${name}",access=write`),
    fc.constantFrom('Token', 'Token ', 'Token Token', 'token signature=,repository=,access='),
  );
  const oddBasic = fc.oneof(
    visible.map((text) => `Basic ${Buffer.from(text).toString('base64')}`),
    fc.constantFrom('Basic Og==', 'Basic ====', 'Basic', 'Bearer abc', 'Basic YQ==', `Basic ${'A'.repeat(3000)}`),
  );
  const real = fc.constantFrom(...known.authorizations);
  const mutilated = fc
    .tuple(real, fc.nat(200), fc.constantFrom('x', '"', ',', '0', ''))
    .map(([value, at, by]) => value.slice(0, at) + by + value.slice(at + 1));
  return fc.oneof(fc.constant(undefined), oddToken, oddBasic, { weight: 3, arbitrary: real }, mutilated);
}

const headers = fc.dictionary(
  fc.constantFrom(
    'Range',
    'If-Modified-Since',
    'X-Docker-Token',
    'X-Docker-Checksum',
    'X-Docker-Checksum-Payload',
    'User-Agent',
    'Content-Type',
    'X-Request-Id',
    'X-Docker-Endpoints',
    'X-Forwarded-For',
    'Accept-Encoding',
    'Cookie',
  ),
  fc
    .oneof(
      visible,
      fc.constantFrom(
        'bytes=0-0',
        'bytes=-1',
        'bytes=5-1',
        'bytes=0-1,3-4',
        'bytes=99999999999999999999-',
        'docker/0.6.4',
      ),
      fc.constantFrom(
        'true',
        'tarsum+sha256:',
        `sha256:${'0'.repeat(64)}`,
        'application/x-www-form-urlencoded',
        'a'.repeat(2000),
      ),
    )
    .map((value) => value.trim()),
  { maxKeys: 4 },
);

/** Requests that are bad in some way, or valid by accident. */
export function badRequests(known: Known): fc.Arbitrary<BadRequest> {
  return fc
    .record({
      method: fc.constantFrom(...METHODS),
      path: path(known),
      authorization: authorization(known),
      headers,
      body,
    })
    .map(({ authorization: value, headers: others, ...request }) => ({
      ...request,
      headers: value === undefined ? others : { ...others, Authorization: value.trim() },
    }));
}
