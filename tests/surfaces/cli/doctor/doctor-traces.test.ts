import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { CLIENT_OF_TODAY } from '../../../../src/surfaces/cli/doctor/client-of-today';
import { GENERATIONS } from '../../../../src/surfaces/cli/doctor/generations';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';
import { readTrace, VERSIONS, type EngineVersion } from '../../../protocol/parse-trace';
import { examineAs } from './examination';
import { startMeddlingProxy, type MeddlingProxy, type PassingRequest } from './meddling-proxy';

/*
 * The doctor must send exactly the requests that were recorded from engines: in the same order, with the same header
 * lines in the same order and spelling.
 */

let server: TestServer;
let proxy: MeddlingProxy;
const asked = new Map<string, PassingRequest[]>();

beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  proxy = await startMeddlingProxy(server);
  for (const generation of GENERATIONS) {
    proxy.requests.length = 0;
    await examineAs(proxy.url, { generations: [generation] });
    asked.set(generation.version, [...proxy.requests]);
  }
});

afterAll(async () => {
  await proxy.close();
  await server.close();
});

type Asked = Pick<PassingRequest, 'method' | 'path' | 'headers' | 'body'>;

/** A request without the parts that differ from run to run: hosts, ids, names, sums, tokens. */
function shapeOf({ method, path, headers, body }: Asked, ids: readonly string[]): string {
  const numbered = (text: string): string => ids.reduce((all, id, at) => all.replaceAll(id, `image${at}`), text);
  const target = path.replace(/alice\/[a-z0-9-]+/, 'REPOSITORY').replace(/q=[^&]+/, 'q=TERM');
  const isImagePart = /\/(json|layer)$/.test(path) || path === '/v1/users/';
  const lines = headers.map(([name, value]) => `${name}: ${valueShape(name, value)}`);
  // Go sends the lines of one header in any order of its map.
  const accepts = lines.filter((line) => line.startsWith('Accept: ')).sort();
  const settled = lines.map((line) => (line.startsWith('Accept: ') ? (accepts.shift() ?? '') : line));
  return numbered([`${method} ${target}`, ...settled, '', isImagePart ? '' : body.toString()].join('\n'));
}

function valueShape(name: string, value: string): string {
  if (name === 'Content-Length' && value !== '0') return 'N';
  return value
    .replace(/^(docker\/\S+) .*?arch\/amd64/, '$1 …')
    .replace(/^(Basic|Token) .+/, '$1 …')
    .replace(/127\.0\.0\.1:\d+/, 'HOST')
    .replace(/sha256:[0-9a-f]{64}/, 'sha256:SUM');
}

/** The ids of a push in the order of its image list. */
function announcedIds(requests: readonly Asked[]): string[] {
  const opening = requests.find(({ method, path }) => method === 'PUT' && path.endsWith('/'));
  return (JSON.parse(String(opening?.body)) as { id: string }[]).map(({ id }) => id);
}

/** Lookups that are sent in parallel arrive in any order, so each run of them is sorted. */
function settled(shapes: readonly string[]): string[] {
  const isLookUp = (shape: string | undefined): boolean => /^GET \S+\/json\n/.test(shape ?? '');
  return shapes.reduce<string[]>((done, shape) => {
    let at = done.length;
    while (isLookUp(shape) && isLookUp(done[at - 1]) && (done[at - 1] ?? '') > shape) at -= 1;
    return [...done.slice(0, at), shape, ...done.slice(at)];
  }, []);
}

function recordedIn(version: EngineVersion, file: string): Asked[] {
  return readTrace(version, `${file}.txt`).steps.map(({ request }) => ({ ...request, path: request.target }));
}

/** The engine's requests after those of the ping, without what no recording has: the resume, and the end of the account. */
function engineRequests(version: string): PassingRequest[] {
  const requests = asked.get(version) ?? [];
  const start = version.startsWith('1.0') ? 1 : 2;
  const isAnother = ({ path, headers }: PassingRequest): boolean =>
    path.startsWith('/api/') || headers.some(([name, value]) => name === 'Range' || value === CLIENT_OF_TODAY);
  return requests.slice(start).filter((request) => !isAnother(request));
}

const SESSIONS = [
  '01-login-existing',
  '02-login-register',
  '05-push-2tags',
  '06-push-again',
  '10-pull-one-tag',
  '11-pull-all',
  '20-search',
];

describe.each(VERSIONS)('as docker %s', (version) => {
  // 17.05 cannot register, and 1.0 searched only at the official index.
  const applies = (session: string): boolean =>
    !(version === '17.05.0-ce' && session === '02-login-register') && !(version === '1.0.1' && session === '20-search');
  const sessions = SESSIONS.filter(applies);
  const startOf = (session: string): number =>
    sessions.slice(0, sessions.indexOf(session)).reduce((sum, each) => sum + recordedIn(version, each).length, 0);

  it.each(sessions)('sends the recorded requests: %s', (session) => {
    const recorded = recordedIn(version, session);
    const sent = engineRequests(version).slice(startOf(session), startOf(session) + recorded.length);
    const recordedIds = announcedIds(recordedIn(version, '05-push-2tags'));
    const sentIds = announcedIds(engineRequests(version));
    const want = settled(recorded.map((request) => shapeOf(request, recordedIds)));
    const got = settled(sent.map((request) => shapeOf(request, sentIds)));
    // The two tags of a whole repository are pulled in any order.
    if (session === '11-pull-all') expect(got.sort()).toEqual(want.sort());
    else expect(got).toEqual(want);
  });
});

it('logs in with the recorded body, byte for byte', () => {
  const [recorded] = recordedIn('1.5.0', '01-login-existing').filter(({ method }) => method === 'POST');
  const [sent] = engineRequests('1.5.0').filter(({ method }) => method === 'POST');
  expect(recorded?.body.toString()).toContain('alice@example.com');
  expect(sent?.body.toString()).toBe(recorded?.body.toString());
});

it('sends the same requests as 1.13 and as 17.05', () => {
  const shapes = (version: string): string[] => {
    const ids = announcedIds(engineRequests(version));
    const requests = engineRequests(version);
    const ofOtherSteps = requests.findIndex(({ path }) => path.startsWith('/v1/search')) + 1;
    const known = requests.slice(0, ofOtherSteps).map((request) => shapeOf(request, ids));
    return settled(known).map((shape) => shape.replaceAll(version, 'VERSION'));
  };
  expect(shapes('1.13.1')).toEqual(shapes('17.05.0-ce'));
});

it('opens one connection for each request (E29)', () => {
  const requests = [...asked.values()].flat();
  expect(requests.length).toBeGreaterThan(200);
  expect(new Set(requests.map(({ connection }) => connection)).size).toBe(requests.length);
});

function putsOf(version: string, path: RegExp): PassingRequest[] {
  return engineRequests(version).filter((request) => request.method === 'PUT' && path.test(request.path));
}

function namesOf(request: PassingRequest | undefined): string[] {
  return (request?.headers ?? []).map(([name]) => name);
}

describe('as docker 0.6.7', () => {
  it('tags every ancestor, and ends with the list of checksums', () => {
    const [base, one, two] = announcedIds(engineRequests('0.6.7'));
    const tags = putsOf('0.6.7', /\/tags\//).map(({ path, body }) => [
      path.split('/').at(-1),
      JSON.parse(String(body)),
    ]);
    expect(tags.slice(0, 3)).toEqual([
      ['one', base],
      ['one', one],
      ['two', two],
    ]);
    const [first, again] = putsOf('0.6.7', /\/images$/).map(({ body }) => JSON.parse(String(body)) as object[]);
    const checksum = expect.stringMatching(/^tarsum\+sha256:[0-9a-f]{64}$/);
    expect(first).toEqual([
      { id: base, checksum, Tag: 'one' },
      { id: one, checksum, Tag: 'one' },
      { id: two, checksum, Tag: 'two' },
    ]);
    expect(again).toEqual([]);
  });

  it('sends layers without a type, and one checksum', () => {
    const common = ['Accept-Encoding', 'Connection'];
    const start = ['Host', 'User-Agent'];
    expect(namesOf(putsOf('0.6.7', /\/layer$/)[0])).toEqual([
      ...start,
      'Transfer-Encoding',
      'Authorization',
      ...common,
    ]);
    expect(namesOf(putsOf('0.6.7', /\/checksum$/)[0])).toEqual([
      ...start,
      'Content-Length',
      'Authorization',
      'X-Docker-Checksum',
      ...common,
    ]);
  });

  it('pulls the tip first', () => {
    const [base, one] = announcedIds(engineRequests('0.6.7'));
    const pulled = engineRequests('0.6.7').filter(({ method, path }) => method === 'GET' && path.endsWith('/layer'));
    expect(pulled.slice(0, 2).map(({ path }) => path)).toEqual([`/v1/images/${one}/layer`, `/v1/images/${base}/layer`]);
  });
});

it('sends as docker 0.9.1 a checksum of the tar with the trailer that its upload lacks', () => {
  const sums = putsOf('0.9.1', /\/checksum$/)[0]?.headers.filter(([name]) => name.startsWith('X-Docker-')) ?? [];
  const layer = gunzipSync(putsOf('0.9.1', /\/layer$/)[0]?.body ?? Buffer.alloc(0));
  expect(layer.subarray(-512)).not.toEqual(Buffer.alloc(512));
  const whole = createHash('sha256').update(layer).update(Buffer.alloc(1024)).digest('hex');
  expect(sums).toEqual([
    ['X-Docker-Checksum', expect.stringMatching(/^tarsum\+sha256:[0-9a-f]{64}$/)],
    ['X-Docker-Checksum-Payload', `sha256:${whole}`],
  ]);
});

it('resumes with a range that ends one past the last byte, and without asking for gzip (E18)', () => {
  const [resumed] = (asked.get('1.5.0') ?? []).filter(({ headers }) => headers.some(([name]) => name === 'Range'));
  const size = putsOf('1.5.0', /\/layer$/)[0]?.body.length ?? 0;
  expect(resumed?.headers).toContainEqual(['Range', `bytes=${Math.floor(size / 2)}-${size}`]);
  expect(namesOf(resumed)).toEqual(['Host', 'User-Agent', 'Authorization', 'Range', 'Connection']);
});
