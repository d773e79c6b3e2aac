import { MemoryBlobStore } from '../../../../src/blobs/memory';
import { CLIENT_OF_TODAY } from '../../../../src/surfaces/cli/doctor/client-of-today';
import { GENERATIONS } from '../../../../src/surfaces/cli/doctor/generations';
import type { EngineReport } from '../../../../src/surfaces/cli/doctor/doctor';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';
import { examineAs, failedSteps, failureOf, withoutV2 } from './examination';
import { asks, without, type Condition } from './meddling';
import { startMeddlingProxy, type Header, type Meddling, type PassingAnswer } from './meddling-proxy';

/* What is pushed over one protocol is pulled over the other; one fault at a time, with one engine. */

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ blobs: new MemoryBlobStore() });
  await addUser(server, 'alice');
});

afterAll(() => server.close());

async function examine(meddling: Meddling, engine = '1.0') {
  const proxy = await startMeddlingProxy(server, meddling);
  const generations = GENERATIONS.filter(({ name }) => name === engine);
  try {
    const report = await examineAs(proxy.url, { generations });
    return { report, requests: proxy.requests };
  } finally {
    await proxy.close();
  }
}

function changed(condition: Condition, change: (answer: PassingAnswer) => PassingAnswer): Meddling {
  return { answer: (request, answer) => (condition(request) ? change(answer) : answer) };
}

function withHeader(name: string, ...values: string[]) {
  return (answer: PassingAnswer): PassingAnswer => ({
    ...answer,
    headers: [...without(answer, name).headers, ...values.map((value): Header => [name, value])],
  });
}

function withBody(change: (text: string) => string) {
  return (answer: PassingAnswer): PassingAnswer => ({
    ...answer,
    body: Buffer.from(change(answer.body.toString('latin1')), 'latin1'),
  });
}

const OTHER_DIGEST = `sha256:${'0'.repeat(64)}`;
const V2 = asks('GET', /^\/v2\/$/);
const ofOldEngine: Condition = (request) =>
  V2(request) && request.headers.some(([, value]) => value.startsWith('docker/17.05.0-ce '));
const HEAD_MANIFEST = asks('HEAD', /^\/v2\/.*\/manifests\/two$/);
const GET_MANIFEST = asks('GET', /^\/v2\/.*\/manifests\/two$/);
const GET_BLOB = asks('GET', /^\/v2\/.*\/blobs\/sha256:/);
const START_UPLOAD = asks('POST', /^\/v2\/.*\/blobs\/uploads\/$/);

/** Begins when the client has pushed its manifest. */
function afterV2Push(meddling: Meddling): Meddling {
  let isPushed = false;
  return {
    answer: (request, answer) => {
      if (asks('PUT', /\/manifests\/two$/)(request)) isPushed = true;
      return isPushed ? (meddling.answer?.(request, answer) ?? answer) : answer;
    },
  };
}

const FAULTS: readonly (readonly [name: string, meddling: Meddling, step: string, needed: RegExp, sees: RegExp])[] = [
  [
    'the version of v2 for an old engine',
    changed(ofOldEngine, withHeader('Docker-Distribution-Api-Version', 'registry/2.0')),
    'v2',
    /^no Docker-Distribution-Api-Version: let the server or its proxy remove it/,
    /docker 1\.5 to 1\.9: login and push fail/,
  ],
  [
    'a v2 API that an old engine sees',
    changed(ofOldEngine, (answer) => ({ ...answer, status: 401 })),
    'v2',
    /^404 for docker 17\.05\.0-ce: let the proxy pass User-Agent on/,
    /push and pull go over v2$/,
  ],
  [
    'a token service that refuses the account',
    changed(asks('GET', /^\/v2\/token\?/), (answer) => ({ ...answer, status: 401 })),
    'v2',
    /^200 with a token for these credentials$/,
    /unauthorized$/,
  ],
  [
    'a token that nothing accepts',
    changed(
      asks('GET', /^\/v2\/token\?/),
      withBody(() => '{"token":"no"}'),
    ),
    'v2',
    /^200 with the token of the token service$/,
    /unauthorized$/,
  ],
  [
    'a HEAD of a manifest without its length',
    changed(HEAD_MANIFEST, withHeader('Content-Length')),
    'v1 to v2',
    /^Content-Length on HEAD: the bytes of the manifest/,
    /missing or empty Content-Length header$/,
  ],
  [
    'another digest on HEAD',
    changed(HEAD_MANIFEST, withHeader('Docker-Content-Digest', OTHER_DIGEST)),
    'v1 to v2',
    /^Docker-Content-Digest: sha256:[0-9a-f]{64}, the sha256 of the bytes of GET$/,
    /it pulls by this digest$/,
  ],
  [
    'a manifest that is not there',
    changed(GET_MANIFEST, (answer) => ({ ...answer, status: 404 })),
    'v1 to v2',
    /^200 over v2, because this tag was pushed over v1$/,
    /manifest unknown$/,
  ],
  [
    'a manifest as JSON',
    changed(GET_MANIFEST, withHeader('Content-Type', 'application/json')),
    'v1 to v2',
    /^Content-Type: application\/vnd\.docker\.distribution\.manifest\.v2\+json/,
    /missing signature key$/,
  ],
  [
    'blobs with other bytes',
    changed(
      GET_BLOB,
      withBody((text) => `${text.slice(0, -1)}?`),
    ),
    'v1 to v2',
    /^\d+ bytes with this digest$/,
    /filesystem layer verification failed$/,
  ],
  [
    'no push over v2',
    changed(START_UPLOAD, (answer) => ({ ...answer, status: 403 })),
    'v2 to v1',
    /^202$/,
    /^docker push of today: the error of this answer$/,
  ],
  [
    'an upload without a place',
    changed(START_UPLOAD, withHeader('Location')),
    'v2 to v1',
    /^the header Location with the URL of the upload$/,
    /^docker push of today/,
  ],
  [
    'a tag that v1 does not show',
    afterV2Push(
      changed(
        asks('GET', /\/tags$/),
        withBody(() => '{}'),
      ),
    ),
    'v2 to v1',
    /^the tag two of the image [0-9a-f]{64}$/,
    /Tag two not found in repository/,
  ],
  [
    'an image without its parent',
    afterV2Push(
      changed(
        asks('GET', /\/json$/),
        withBody((text) => text.replace('"parent"', '"no"')),
      ),
    ),
    'v2 to v1',
    /^json with \{"id":"[0-9a-f]{64}","parent":"[0-9a-f]{64}","architecture":"amd64"/,
    /^no error, but not the image that was pushed$/,
  ],
];

it.each(FAULTS)('says what is wrong with %s', async (_, meddling, step, needed, sees) => {
  const { report } = await examine(meddling);
  expect(failedSteps(report)).toEqual({ '1.0': [step] });
  const failure = failureOf(report, '1.0', step);
  expect(failure.needed).toMatch(needed);
  expect(failure.sees).toMatch(sees);
});

const crossingsOf = ([engine]: readonly EngineReport[]) =>
  (['v2', 'v1 to v2', 'v2 to v1'] as const).map((step) => engine?.steps[step]);

const NO_V2 = { status: 'not applicable', reason: 'the server has no v2 API for clients of today' };

it.each([
  ['a 404', withoutV2({})],
  ['a challenge without Bearer', changed(V2, withHeader('WWW-Authenticate', 'Basic realm="x"'))],
])('tries no crossing if /v2/ of clients of today is %s', async (_, meddling) => {
  const { report } = await examine(meddling);
  expect(report.isHealthy).toBe(true);
  expect(crossingsOf(report.engines)).toEqual([NO_V2, NO_V2, NO_V2]);
});

it.each(['0.9', '17.05'])(
  'crosses as docker %s with one token, sends only the new blobs and cleans up',
  async (engine) => {
    const { report, requests } = await examine({}, engine);
    expect(report.isHealthy).toBe(true);
    expect(crossingsOf(report.engines)).toEqual([{ status: 'ok' }, { status: 'ok' }, { status: 'ok' }]);
    const ofToday = requests.filter(({ headers }) => headers.some(([, value]) => value === CLIENT_OF_TODAY));
    expect(ofToday.filter(({ path }) => path.startsWith('/v2/token'))).toHaveLength(1);
    expect(ofToday.filter(({ method }) => method === 'PATCH')).toHaveLength(2);
    const left = await server.ctx.db('repositories').where('name', 'like', 'doctor%').select('name');
    expect(left).toEqual([]);
  },
);
