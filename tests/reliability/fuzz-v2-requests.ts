import fc from 'fast-check';
import type { Context } from '../../src/context';
import { v2Routes } from '../../src/surfaces/v2/routes';
import { OCI_INDEX, OCI_MANIFEST } from '../helpers/v2-client';
import type { BadRequest } from './fuzz-requests';

/*
 * Requests to v2 that no sane client would send, generated from the route table: hostile names, digests, ranges, lists,
 * scopes, manifests and forms.
 */

/** What exists on the fuzzed server: some requests should pass the first check. */
export interface KnownOfV2 {
  readonly digests: readonly string[];
  readonly uploads: readonly string[];
  readonly authorizations: readonly string[];
}

const ROUTES = v2Routes({} as Context).map(({ path }) => path);
const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'];

const odd = fc.oneof(
  fc.constantFrom('%00', 'a%00b', '%ff%fe', '%', '%zz', '%2e%2e', '..', '%2F', 'a%2Fb', '*', '~', "'", '%22', '%0d%0a'),
  fc.constantFrom('uploads', 'list', '_catalog', 'token', 'v2', 'A'.repeat(300), '-1', '1e9', '99999999999999999999'),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => encodeURIComponent(text)),
);

const oddDigest = fc.constantFrom(
  'sha256:',
  `sha256:${'0'.repeat(63)}`,
  `sha256:${'F'.repeat(64)}`,
  `sha256:${'0'.repeat(64)}%00`,
  `sha512:${'0'.repeat(128)}`,
  `sha512:${'0'.repeat(64)}`,
  `md5:${'0'.repeat(32)}`,
  'tarsum.v1+sha256:abc',
  ':',
  '%3A',
  `sha256:${'0'.repeat(3000)}`,
);

function partOf(known: KnownOfV2): fc.Arbitrary<string> {
  const usual = fc.constantFrom('alice', 'mallory', 'own', 'secret', 'app', 'latest', 'fresh');
  const real = fc.constantFrom(...known.digests, ...known.uploads);
  return fc.oneof(odd, oddDigest, { weight: 2, arbitrary: usual }, { weight: 2, arbitrary: real });
}

function queryOf(known: KnownOfV2): fc.Arbitrary<string> {
  const name = fc.constantFrom('n', 'last', 'digest', 'mount', 'from', 'artifactType', 'scope', 'service', 'account');
  const scope = fc.constantFrom(
    'repository:alice/secret:*',
    'repository:mallory/own:pull,push',
    'repository::pull',
    'repository:a:b:c:pull',
    `repository:${'a/'.repeat(500)}:pull`,
    'repository:mallory/own:pull%20repository:a%00/b:*',
    'repository:%00:%00'.repeat(50),
    'registry:catalog:*%20',
    '%20'.repeat(500),
  );
  const value = fc.oneof(odd, oddDigest, fc.constantFrom(...known.digests, '0', '1', '', 'alice/secret'), scope);
  const pair = fc.tuple(name, value).map((both) => both.join('='));
  return fc.array(pair, { maxLength: 3 }).map((pairs) => (pairs.length === 0 ? '' : `?${pairs.join('&')}`));
}

function targetOf(known: KnownOfV2): fc.Arbitrary<string> {
  const part = partOf(known);
  const start = fc.constantFrom('mallory/own', 'mallory/fresh', 'alice/app', 'alice/secret', undefined);
  const fitting = fc
    .tuple(fc.constantFrom(...ROUTES), start, fc.array(part, { minLength: 3, maxLength: 3 }))
    .map(([route, repository, parts]) => {
      let next = 0;
      const inOwn = repository === undefined ? route : route.replace(':namespace/:repository', repository);
      return inOwn.replace(/:\w+/g, () => parts[next++] ?? 'x');
    });
  const free = fc.array(part, { maxLength: 6 }).map((parts) => `/v2/${parts.join('/')}`);
  return fc
    .tuple(fc.oneof({ weight: 6, arbitrary: fitting }, free), queryOf(known))
    .map(([path, query]) => path + query);
}

const RANGES = [
  '0-',
  '-5',
  '5-1',
  '0-0',
  '0-4',
  'bytes 0-4/5',
  '99999999999999999999-5',
  'a-b',
  '0-4,5-9',
  '-',
  '1e3-2',
];

const headers = fc.dictionary(
  fc.constantFrom('Range', 'Content-Range', 'Accept', 'Content-Type', 'User-Agent', 'If-None-Match', 'Accept-Encoding'),
  fc.constantFrom(
    ...RANGES,
    ...RANGES.map((range) => `bytes=${range}`),
    OCI_MANIFEST,
    OCI_INDEX,
    `${OCI_MANIFEST}; charset=utf-8`,
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '*/*;q=0',
    ','.repeat(1000),
    'a/b'.repeat(300),
  ),
  { maxKeys: 3 },
);

/** Texts that JSON allows and that databases refuse, or that name what objects have. */
const BAD_TEXTS = ['\\u0000', 'a\\u0000b', '\\ud800', '\\udfff\\ud800', '__proto__', 'constructor', 'toString', ''];

function manifestOf(known: KnownOfV2): fc.Arbitrary<string> {
  const text = fc.oneof(fc.constantFrom(...BAD_TEXTS), fc.constantFrom('x'.repeat(300), 'application/x'));
  const digest = fc.oneof(
    fc.constantFrom(...known.digests),
    fc.constantFrom('sha256:0', '', `sha256:${'0'.repeat(64)}`),
  );
  const size = fc.constantFrom('3', '0', '-1', '1e400', '9007199254740993', '"3"', 'null', '1.5');
  const descriptor = fc
    .tuple(text, digest, size, text)
    .map(
      ([type, of, bytes, note]) =>
        `{"mediaType":"${type}","digest":"${of}","size":${bytes},"annotations":{"${note}":"${note}"},"__proto__":{"digest":"${of}"}}`,
    );
  const list = fc.oneof(
    fc.array(descriptor, { maxLength: 3 }).map((all) => `[${all.join(',')}]`),
    fc.constantFrom('null', '{}', '[[]]', '[null]', '"x"', '[1]', `${'['.repeat(2000)}${']'.repeat(2000)}`),
  );
  return fc
    .tuple(descriptor, list, text, fc.constantFrom(OCI_MANIFEST, OCI_INDEX, ''))
    .map(([config, many, note, type]) => {
      const mediaType = type === '' ? '' : `"mediaType":"${type}",`;
      const notes = `"artifactType":"${note}","annotations":{"${note}":"${note}","__proto__":"x"}`;
      const blobs = type === OCI_INDEX ? `"manifests":${many}` : `"config":${config},"layers":${many}`;
      return `{"schemaVersion":2,${mediaType}${blobs},${notes},"subject":${config},"schemaVersion":2}`;
    });
}

const form = fc.constantFrom(
  'grant_type=password&username=mallory&password=mallorypw&scope=repository:alice/secret:*',
  'grant_type=password&username=%00&password=%00',
  'grant_type=password&username=a%ff&password=%fe&scope=%00',
  'grant_type=refresh_token&refresh_token=x',
  'grant_type=password&username[]=a&password[]=b',
  '&&&===',
  `grant_type=password&username=${'u'.repeat(9000)}&password=p`,
);

function bodyOf(known: KnownOfV2): fc.Arbitrary<Buffer | undefined> {
  return fc.oneof(
    fc.constant(undefined),
    { weight: 4, arbitrary: manifestOf(known).map((text) => Buffer.from(text)) },
    form.map((text) => Buffer.from(text)),
    fc.constantFrom('', '{}', '[', 'null', '"x"', '1e999', '['.repeat(50_000)).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  );
}

/** Requests that are bad in some way, or valid by accident. */
export function badV2Requests(known: KnownOfV2): fc.Arbitrary<BadRequest> {
  const authorization = fc.oneof(
    fc.constant(undefined),
    { weight: 8, arbitrary: fc.constantFrom(...known.authorizations) },
    fc.constantFrom('Bearer', 'Bearer v2.', `Bearer v2.${'A'.repeat(200)}`, 'Basic Og==', 'Token x', 'Bearer \u00ff'),
  );
  return fc
    .record({ method: fc.constantFrom(...METHODS), path: targetOf(known), authorization, headers, body: bodyOf(known) })
    .map(({ authorization: value, headers: others, ...request }) => ({
      ...request,
      headers: value === undefined ? others : { ...others, Authorization: value },
    }));
}

/** Manifests that reach the database: each is valid but for one text. */
export function manifestsWithBadTexts(config: object): string[] {
  const plain = JSON.stringify(config);
  return BAD_TEXTS.flatMap((text) => [
    `{"schemaVersion":2,"config":${plain},"layers":[],"annotations":{"note":"${text}"}}`,
    `{"schemaVersion":2,"config":${plain},"layers":[],"annotations":{"${text}":"note"}}`,
    `{"schemaVersion":2,"config":${plain},"layers":[],"artifactType":"${text}"}`,
    `{"schemaVersion":2,"config":${plain.replace(/"mediaType":"[^"]*"/, `"mediaType":"${text}"`)},"layers":[]}`,
    `{"schemaVersion":2,"config":${plain},"layers":[{"mediaType":"x","digest":"sha256:${'0'.repeat(64)}","urls":["${text}"]}]}`,
  ]);
}
