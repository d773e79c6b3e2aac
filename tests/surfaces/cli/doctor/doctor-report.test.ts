import { DEFAULT_LIMITS } from '../../../../src/surfaces/cli/doctor/doctor';
import { formatReport } from '../../../../src/surfaces/cli/doctor/report';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';
import { startEndlessServer, startRawServer, startV2Registry, startWebServer, type BadServer } from './bad-servers';
import { examineAs, failedSteps, failureOf, withoutV2 } from './examination';
import { startMeddlingProxy, type Meddling } from './meddling-proxy';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'carol', { isActive: false });
});

afterAll(() => server.close());

const ALL = ['0.6', '0.9', '1.0', '1.5', '1.7', '1.13', '17.05'];
const ALL_PINGS = Object.fromEntries(ALL.map((engine) => [engine, ['ping']]));

async function withServer<T>(starting: Promise<BadServer>, work: (url: string) => Promise<T>): Promise<T> {
  const started = await starting;
  try {
    return await work(started.url);
  } finally {
    await started.close();
  }
}

function examineThrough(meddling: Meddling) {
  return withServer(startMeddlingProxy(server, withoutV2(meddling)), (url) => examineAs(url));
}

it('shows a table of engines and steps', async () => {
  const report = await examineAs(server.url);
  expect(report.isHealthy).toBe(true);
  expect(formatReport(report))
    .toBe(`ENGINE      PING  LOGIN  REGISTER  PUSH  PUSH AGAIN  PULL  RESUME  SEARCH  V2  V1 TO V2  V2 TO V1  DELETE
0.6.7       ok    ok     ok        ok    ok          ok    -       ok      ok  ok        ok        ok
0.9.1       ok    ok     ok        ok    ok          ok    -       ok      ok  ok        ok        ok
1.0.1       ok    ok     ok        ok    ok          ok    ok      ok      ok  ok        ok        ok
1.5.0       ok    ok     ok        ok    ok          ok    ok      ok      ok  ok        ok        ok
1.7.1       ok    ok     ok        ok    ok          ok    ok      ok      ok  ok        ok        ok
1.13.1      ok    ok     -         ok    ok          ok    ok      ok      ok  ok        ok        ok
17.05.0-ce  ok    ok     -         ok    ok          ok    ok      ok      ok  ok        ok        ok

-          not for this engine, or not offered and not needed
All engines passed.`);
});

it('leaves no repository behind', async () => {
  await examineAs(server.url, { repository: 'alice/left' });
  const left = await server.ctx.db('repositories').where('name', 'like', 'left%').select('name');
  expect(left).toEqual([]);
});

it('shows the request, the answer, what was needed and what the user sees', async () => {
  const report = await examineThrough({
    answer: ({ method, path }, answer) =>
      method === 'PUT' && path.endsWith('/images') ? { ...answer, status: 200, body: Buffer.from('"done"\n') } : answer,
  });
  const text = formatReport(report);
  expect(text).toContain(
    '1.7.1       ok    ok     ok        FAILED  not tried   not tried  not tried  not tried  -   -         -         ok',
  );
  expect(text).toMatch(
    new RegExp(
      [
        'docker 1.7.1, push: FAILED',
        ' {2}request    PUT http://127.0.0.1:\\d+/v1/repositories/alice/doctor-[0-9a-f]{8}/images',
        ' {2}answer     200',
        '( {13}\\S.*\\n?)+ {13}"done"\\\\n',
        ' {2}needed     204, and nothing else',
        ' {2}user sees  Error: Status 200 trying to push checksums alice/doctor-[0-9a-f]{8}: "\\\\"done\\\\"\\\\n"',
      ].join('\n'),
    ),
  );
  expect(failureOf(report, '1.5', 'push').sees).toMatch(
    /trying to push checksums alice\/doctor-[0-9a-f]{8}: "done"\n$/,
  );
});

it('hides tokens, and escapes the words of the server', async () => {
  const report = await examineThrough({
    answer: ({ method, path }, answer) => {
      const isOpening = method === 'PUT' && /doctor-[0-9a-f]+\/$/.test(path);
      const headers = answer.headers.filter(([name]) => name !== 'X-Docker-Endpoints');
      const title = ['X-Docker-Title', '\u009b2J'] as const;
      return isOpening ? { ...answer, headers: [...headers, title], body: Buffer.from('\u001b[2J') } : answer;
    },
  });
  const text = formatReport(report);
  expect(text).toContain('X-Docker-Token: signature=…,repository="alice/doctor-');
  expect(JSON.stringify(report)).not.toMatch(/signature=[^…]/);
  expect(text).toContain('\\u001b[2J');
  expect(text).toContain('X-Docker-Title: \\u009b2J');
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

it('cleans up after a push that failed', async () => {
  const report = await examineThrough({
    answer: ({ path }, answer) => (path.endsWith('/checksum') ? { ...answer, status: 400 } : answer),
  });
  expect(failedSteps(report)['1.7']).toEqual(['push']);
  const left = await server.ctx.db('repositories').where('name', 'like', 'doctor%').select('name');
  expect(left).toEqual([]);
});

describe('with invalid credentials', () => {
  it('reports that once for each engine, and tries no more', async () => {
    const report = await examineAs(server.url, { credentials: { username: 'alice', password: 'wrong' } });
    expect(failedSteps(report)).toEqual(Object.fromEntries(ALL.map((engine) => [engine, ['login']])));
    expect(failureOf(report, '1.0', 'login')).toMatchObject({
      request: `GET ${server.url}/v1/users/`,
      answer: '401',
      sees: 'Wrong login/password, please try again',
    });
    expect(report.engines.map(({ steps }) => steps.push.status)).toEqual(ALL.map(() => 'not tried'));
  });

  it('distinguishes an account that is not active', async () => {
    const report = await examineAs(server.url, { credentials: { username: 'carol', password: 'carolpw' } });
    expect(failureOf(report, '1.13', 'login')).toMatchObject({ answer: '403', body: '"Account is not Active"' });
  });
});

it('shows what 401 on a push looks like in each engine', async () => {
  const report = await examineThrough({
    answer: ({ method, path }, answer) =>
      method === 'PUT' && path.endsWith('/json')
        ? { ...answer, status: 401, body: Buffer.from('{"error":"no"}') }
        : answer,
  });
  expect(ALL.map((engine) => failureOf(report, engine, 'push').sees)).toEqual([
    'a prompt for user name and password (without a terminal: "Username: EOF")',
    'HTTP code 401 while uploading metadata: {"error":"no"}',
    'HTTP code 401, Docker will not send auth headers over HTTP.',
    'HTTP code 401, Docker will not send auth headers over HTTP.',
    'a prompt for user name and password (without a terminal: "Username: EOF")',
    'Authentication is required.',
    'Authentication is required.',
  ]);
});

describe('a server without v1', () => {
  it('is recognised at the ping: docker-registry 2', async () => {
    const report = await withServer(startV2Registry(), (url) => examineAs(url));
    expect(failedSteps(report)).toEqual(ALL_PINGS);
    const others = report.engines.flatMap(({ steps: { ping: _, ...rest } }) => Object.values(rest));
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set(['not tried']));
    expect(failureOf(report, '0.6', 'ping').sees).toContain('This does not look like a Registry server');
    expect(failureOf(report, '1.0', 'ping')).toMatchObject({
      answer: '404',
      body: '404 page not found\\n',
      sees: 'on login: Unexpected status code [404] : 404 page not found',
    });
    expect(failureOf(report, '17.05', 'ping')).toMatchObject({
      answer: '200',
      headers: expect.arrayContaining(['Docker-Distribution-Api-Version: registry/2.0']),
    });
  });

  it('is recognised at the ping: any web server', async () => {
    expect(failedSteps(await withServer(startWebServer(), (url) => examineAs(url)))).toEqual(ALL_PINGS);
  });

  it('is recognised at the ping: no server at all', async () => {
    const gone = await withServer(startWebServer(), (url) => Promise.resolve(url));
    const report = await examineAs(gone);
    expect(failedSteps(report)).toEqual(ALL_PINGS);
    expect(failureOf(report, '1.0', 'ping').answer).toMatch(/^none: connect ECONNREFUSED/);
  });
});

describe('a server that misbehaves', () => {
  const hasty = { ...DEFAULT_LIMITS, idleMs: 150, totalMs: 400, bodyBytes: 100_000 };
  /** For faults that the server itself must show, however busy the machine is. */
  const patient = { ...hasty, idleMs: 20_000, totalMs: 25_000 };
  const OK = 'HTTP/1.1 200 OK\r\n';

  it.each([
    ['says nothing', undefined, 'none: no byte for 0.15 s'],
    ['hangs up', '', 'none: EOF'],
    ['speaks something else', 'SSH-2.0-OpenSSH_9\r\n', 'none: malformed HTTP response "SSH-2.0-OpenSSH_9"'],
    ['stops in the headers', `${OK}Content-Ty`, 'none: unexpected EOF in the headers'],
    ['sends headers that are none', `${OK}what is this\r\n\r\n`, 'none: malformed MIME header line'],
    ['sends a bad length', `${OK}Content-Length: -1\r\n\r\n`, 'none: bad Content-Length "-1"'],
    [
      'announces too much',
      `${OK}Content-Length: 100001\r\n\r\n`,
      'none: a body of 100001 bytes, where 100000 would be too much',
    ],
    ['sends bad chunks', `${OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, 'none: malformed chunked encoding'],
  ])('%s', async (_, words, answer) => {
    const limits = /^none: (?:no byte|not done)/.test(answer) ? hasty : patient;
    const report = await withServer(startRawServer(words), (url) => examineAs(url, { limits }));
    expect(failedSteps(report)).toEqual(ALL_PINGS);
    expect(failureOf(report, '0.6', 'ping').answer).toBe(answer);
  });

  it.each([
    ['a header line', `${OK}X: `, 'y'.repeat(1000), 'none: a header line that does not end'],
    ['headers', OK, 'X: y\r\n'.repeat(100), 'none: too many header lines'],
    ['a body', `${OK}\r\n`, 'y'.repeat(1000), 'none: a body of more than 100000 bytes'],
    [
      'chunks',
      `${OK}Transfer-Encoding: chunked\r\n\r\n`,
      '5\r\nhello\r\n'.repeat(1000),
      'none: a body of more than 100000 bytes',
    ],
  ])('never ends %s', async (_, opening, more, answer) => {
    const report = await withServer(startEndlessServer(opening, more), (url) => examineAs(url, { limits: patient }));
    expect(failureOf(report, '0.6', 'ping').answer).toBe(answer);
  });

  it('sends a layer in gzip a second time, which Go decompresses unnoticed', async () => {
    const report = await examineThrough({
      answer: ({ method, path }, answer) =>
        method === 'GET' && path.endsWith('/layer')
          ? { ...answer, headers: [...answer.headers, ['Content-Encoding', 'gzip']] }
          : answer,
    });
    expect(failureOf(report, '1.5', 'pull')).toMatchObject({ needed: 'the layer as it was pushed' });
  });
});

it('follows a redirect to another path for json and layer, without credentials for other hosts', async () => {
  const report = await examineThrough({
    instead: ({ method, path }) =>
      method === 'GET' && /^\/v1\/images\/[0-9a-f]{64}\/layer$/.test(path)
        ? { status: 302, headers: [['Location', `${path}?moved`]], body: Buffer.alloc(0) }
        : undefined,
  });
  expect(failedSteps(report)).toEqual({});
});
