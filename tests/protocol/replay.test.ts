import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { setStatus } from '../../src/features/namespaces/account-status';
import { startServed } from '../helpers/serving';
import { addUser, basic, passwordOf, type TestServer } from '../helpers/test-server';
import { newHubState } from './hub-state';
import { readTrace, traceFiles, valuesOf, VERSIONS, type RecordedRequest, type Trace } from './parse-trace';
import type { RawAnswer } from './raw-client';
import { foundImages, pulledImages, pushElsewhere } from './pushed-elsewhere';
import { Replay } from './replay';

const PUSH_ROOT_NAME = '41-push-root-name.txt';
const PULL_ROOT_NAME = '42-pull-root-name.txt';

/** Commands that send no request to a private host, and the evidence for that. */
const SILENT: Readonly<Record<string, RegExp>> = {
  '1.0.1/20-search.txt': /https:\/\/index\.docker\.io\/v1\/search/, // 1.0 searches the official index only
  '1.0.1/21-search-none.txt': /https:\/\/index\.docker\.io\/v1\/search/,
  '1.0.1/30-logout.txt': /docker logout/,
  '1.5.0/30-logout.txt': /docker logout/,
  '1.7.1/30-logout.txt': /docker logout/,
  '17.05.0-ce/30-logout.txt': /docker logout/,
};

/** The request with these credentials; if it had none, they are placed where the engines put them. */
function withAuthorization(request: RecordedRequest, value: string): RecordedRequest {
  const others = request.headers.filter(([name]) => name !== 'Authorization');
  const place = others.findIndex(([name]) => name === 'Content-Length') + 1;
  return { ...request, headers: [...others.slice(0, place), ['Authorization', value], ...others.slice(place)] };
}

/** Anonymous users may not push to the library, although the recorder allowed everyone. */
function loggedIn(trace: Trace, username: string): Trace {
  const steps = trace.steps.map((step) => {
    const [authorization = 'Basic Og=='] = valuesOf(step.request.headers, 'Authorization');
    const isNobody = step.request.target.startsWith('/v1/repositories/') && authorization === 'Basic Og==';
    return isNobody ? { ...step, request: withAuthorization(step.request, basic(username)) } : step;
  });
  return { ...trace, steps };
}

const LOGIN_FIRST = { status: 401, body: '""' };
const DENIED = { status: 403, body: '"Access Denied: Not allowed to create Repo at given location"' };

function gist({ status, body }: RawAnswer): { status: number; body: string } {
  return { status, body: body.toString() };
}

function firstPut(trace: Trace): RecordedRequest {
  const step = trace.steps.find(({ request }) => request.method === 'PUT');
  if (step === undefined) throw new Error(`${trace.name} pushes nothing`);
  return step.request;
}

test('all recordings exist', () => {
  expect(VERSIONS.map((version) => traceFiles(version).length)).toEqual([16, 17, 17, 17]);
  const requests = VERSIONS.map((version) => {
    return traceFiles(version).reduce((sum, file) => sum + readTrace(version, file).steps.length, 0);
  });
  expect(requests.reduce((sum, count) => sum + count, 0)).toBe(394);
});

describe.each(VERSIONS)('docker %s', (version) => {
  let server: TestServer;
  let replay: Replay;

  beforeAll(async () => {
    server = await startServed();
    await addUser(server, 'alice');
    await addUser(server, 'admin', { isAdmin: true });
    replay = new Replay(server, newHubState({ alice: passwordOf('alice'), admin: passwordOf('admin') }));
  });

  afterAll(async () => {
    replay.close();
    await server.close();
  });

  const FILES = traceFiles(version);
  const isSilent = (file: string): boolean => `${version}/${file}` in SILENT;

  test.each(FILES.filter((file) => !isSilent(file) && file < PUSH_ROOT_NAME))('%s', async (file) => {
    const trace = readTrace(version, file);
    expect(trace.steps).not.toHaveLength(0);
    await replay.run(trace);
  });

  test.each(FILES.filter(isSilent))('%s sends no request to a private host', (file) => {
    const trace = readTrace(version, file);
    expect(trace.steps).toEqual([]);
    expect(trace.terminal.join('\n')).toMatch(SILENT[trace.name] ?? /^$/);
  });

  test(`${PUSH_ROOT_NAME} is refused to all but administrators`, async () => {
    const start = firstPut(readTrace(version, PUSH_ROOT_NAME));
    const asRecorded = await replay.send(start);
    expect(gist(asRecorded)).toEqual(version === '1.0.1' ? DENIED : LOGIN_FIRST); // the others had logged out
    expect(gist(await replay.send(withAuthorization(start, basic('alice'))))).toEqual(DENIED);
  });

  test(PUSH_ROOT_NAME, async () => {
    const trace = readTrace(version, PUSH_ROOT_NAME);
    const images = foundImages(trace, replay.state);
    // The engine finds the images and uploads none: they are in the library under another name.
    await pushElsewhere(server, replay.state, { repository: 'library/base', tag: 'latest', images });
    await setStatus(server.ctx, OPERATOR_ACTOR, 'alice', { isAdmin: true });
    await replay.run(loggedIn(trace, 'alice'));
    await setStatus(server.ctx, OPERATOR_ACTOR, 'alice', { isAdmin: false });
    expect(gist(await replay.send(withAuthorization(firstPut(trace), basic('alice'))))).toEqual(DENIED);
  });

  test(PULL_ROOT_NAME, async () => {
    const trace = readTrace(version, PULL_ROOT_NAME);
    const images = pulledImages(trace);
    await pushElsewhere(server, replay.state, { repository: 'root1', tag: 'latest', images });
    await replay.run(trace);
  });
});
