import { MemoryBlobStore } from '../../../../src/blobs/memory';
import { addUser, basic, startTestServer, type TestServer } from '../../../helpers/test-server';
import { examineAtOnce, failedSteps, withoutV2 } from './examination';
import { asks, without, type Condition } from './meddling';
import {
  startMeddlingProxy,
  type Header,
  type Meddling,
  type PassingAnswer,
  type PassingRequest,
} from './meddling-proxy';

/*
 * One fault at a time: the doctor names exactly the engines that it breaks (docs/PROTOCOL.md has the measurements of
 * real engines).
 */

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ blobs: new MemoryBlobStore() }); // thousands of layers, and nothing here is about disks
  await addUser(server, 'alice');
});

afterAll(() => server.close());

type Fault = readonly [name: string, meddling: Meddling, broken: Record<string, string[]>];

const ALL = ['0.6', '0.9', '1.0', '1.5', '1.7', '1.13', '17.05'];
const UP_TO_0_9 = ['0.6', '0.9'];
const UP_TO_1_5 = ['0.6', '0.9', '1.0', '1.5'];
const UP_TO_1_7 = ['0.6', '0.9', '1.0', '1.5', '1.7'];
const FROM_1_5 = ['1.5', '1.7', '1.13', '17.05'];
const FROM_1_13 = ['1.13', '17.05'];

function each(engines: readonly string[], ...steps: string[]): Record<string, string[]> {
  return Object.fromEntries(engines.map((engine) => [engine, steps]));
}

const OPEN_PUSH = asks('PUT', /^\/v1\/repositories\/alice\/[^/]+\/$/);
const CLOSE_PUSH = asks('PUT', /\/images$/);
const OPEN_PULL = asks('GET', /\/images$/);
const GET_JSON = asks('GET', /^\/v1\/images\/[0-9a-f]{64}\/json$/);
const GET_LAYER = asks('GET', /\/layer$/);
const GET_TAGS = asks('GET', /\/tags$/);
const ANCESTRY = asks('GET', /\/ancestry$/);
const PING = asks('GET', /^\/v1\/_ping$/);
const POST_USER = asks('POST', /^\/v1\/users\/$/);
const V2 = asks('GET', /^\/v2\/$/);
const ANY: Condition = () => true;

/** Changes the successful answers to some requests. */
function when(
  condition: Condition,
  change: (answer: PassingAnswer, request: PassingRequest) => PassingAnswer,
): Meddling {
  return {
    answer: (request, answer) => (condition(request) && answer.status < 300 ? change(answer, request) : answer),
  };
}

function status(condition: Condition, code: number): Meddling {
  return when(condition, (answer) => ({ ...answer, status: code }));
}

function body(condition: Condition, change: (body: string) => string): Meddling {
  return when(condition, (answer) => ({ ...answer, body: Buffer.from(change(answer.body.toString())) }));
}

function withHeader(answer: PassingAnswer, ...header: Header): PassingAnswer {
  return { ...answer, headers: [...without(answer, header[0]).headers, header] };
}

function header(condition: Condition, name: string, change: (value: string) => string | undefined): Meddling {
  return when(condition, (answer) => {
    const old = answer.headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? '';
    const value = change(old);
    return value === undefined ? without(answer, name) : withHeader(answer, name, value);
  });
}

/** Replaces the answers to some requests. */
function instead(condition: Condition, answer: Partial<PassingAnswer>): Meddling {
  const whole = { status: 200, headers: [], body: Buffer.alloc(0), ...answer };
  return { instead: (request) => (condition(request) ? whole : undefined) };
}

/** A registry that asks for no credentials, in front of one that does. */
const UNGUARDED: Pick<Meddling, 'request'> = {
  request: (request) =>
    request.headers.some(([name]) => name === 'Authorization') || !/^\/v1\/(images|repositories)\//.test(request.path)
      ? request
      : { ...request, headers: [...request.headers, ['Authorization', basic('alice')]] },
};

const hasRange: Condition = ({ headers }) => headers.some(([name]) => name === 'Range');
const halfOf = (answer: PassingAnswer): PassingAnswer => ({ ...answer, cutAfter: Math.floor(answer.body.length / 2) });

/** Cuts off the first answer for each layer. */
function cutOnce(): (answer: PassingAnswer, request: PassingRequest) => PassingAnswer {
  const seen = new Set<string>();
  return (answer, { path, headers }) => {
    const key = `${path} ${headers.find(([name]) => name === 'User-Agent')?.[1]}`;
    if (seen.has(key)) return answer;
    seen.add(key);
    return halfOf(answer);
  };
}

/** Removes the offer of ranges from GET and HEAD. */
function unresumable(change: ReturnType<typeof cutOnce>): Meddling {
  return when(asks('(GET|HEAD)', /\/layer$/), (answer, request) => {
    const offered = without(answer, 'Accept-Ranges');
    return request.method === 'GET' ? change(offered, request) : offered;
  });
}

const V2_HEADER: Header = ['Docker-Distribution-Api-Version', 'registry/2.0'];

const LOGIN: readonly Fault[] = [
  [
    'a ping without the version header',
    header(PING, 'X-Docker-Registry-Version', () => undefined),
    each(UP_TO_0_9, 'ping'),
  ],
  ['a ping of 404 with the header', status(PING, 404), {}],
  ['a ping that says standalone, over http', header(PING, 'X-Docker-Registry-Standalone', () => 'True'), {}],
  [
    'a newline behind the 34 bytes',
    {
      answer: (request, answer) =>
        POST_USER(request) && answer.status === 400
          ? { ...answer, body: Buffer.concat([answer.body, Buffer.from('\n')]) }
          : answer,
    },
    each(UP_TO_1_7, 'login'),
  ],
  ['401 to every registration', instead(POST_USER, { status: 401 }), each(['0.6'], 'login', 'register')],
  ['403 to every registration', instead(POST_USER, { status: 403 }), each(UP_TO_1_7, 'login', 'register')],
  ['200 to a registration', status(POST_USER, 200), each(UP_TO_1_7, 'register')],
];

const V2_PROBES: readonly Fault[] = [
  ['/v2/ of 200 with the version of v2', instead(V2, { headers: [V2_HEADER] }), each(FROM_1_5, 'ping')],
  [
    '/v2/ of 401 with the version of v2',
    instead(V2, { status: 401, headers: [V2_HEADER, ['WWW-Authenticate', 'Basic realm="x"']] }),
    each(FROM_1_5, 'ping'),
  ],
  ['/v2/ of 200 without it', instead(V2, {}), {}],
  ['/v2/ of 401 without it', instead(V2, { status: 401 }), {}],
  ['a v2 upload that is accepted', instead(asks('POST', /^\/v2\//), { status: 202 }), each(FROM_1_13, 'push')],
  ['a v2 manifest that is there', instead(asks('GET', /^\/v2\/.*manifests/), {}), each(FROM_1_13, 'pull')],
];

const NO_TOKEN = header(OPEN_PUSH, 'X-Docker-Token', () => undefined);

/** Repeats the header line of the host, so that everything is sent to it twice. */
const TWICE = when(OPEN_PUSH, (answer) => {
  const endpoints = answer.headers.filter(([name]) => name === 'X-Docker-Endpoints');
  return { ...answer, headers: [...answer.headers, ...endpoints] };
});

/** Hides all images when a push asks, which its token distinguishes from a pull; the PUT then gets this answer. */
function unknownUntilPut(error: string): Meddling {
  const isLookUp: Condition = (request) =>
    GET_JSON(request) && request.headers.some(([, value]) => value.includes('access=write'));
  return {
    answer: (request, answer) => {
      const known = TWICE.answer?.(request, answer) ?? answer;
      if (isLookUp(request)) return { ...known, status: 404 };
      return answer.status === 409 ? { ...known, body: Buffer.from(JSON.stringify({ error })) } : known;
    },
  };
}

const PUSH: readonly Fault[] = [
  ['two endpoints in two lines', TWICE, {}],
  ['images that are there only when they are PUT', unknownUntilPut('Image already exists'), each(ALL, 'push again')],
  ['the same in other words', unknownUntilPut('Image exists already'), each(ALL, 'push')],
  ['201 to the first PUT', status(OPEN_PUSH, 201), {}],
  ['204 to the first PUT', status(OPEN_PUSH, 204), each(ALL, 'push')],
  ['no token, and none needed', { ...NO_TOKEN, ...UNGUARDED }, each(UP_TO_1_5, 'push')],
  ['no token, though one is needed', NO_TOKEN, each(ALL, 'push')],
  ['no endpoints for a push', header(OPEN_PUSH, 'X-Docker-Endpoints', () => undefined), each(ALL, 'push')],
  ['a URL as endpoint', header(OPEN_PUSH, 'X-Docker-Endpoints', (host) => `http://${host}`), each(ALL, 'push')],
  [
    'two endpoints in one line',
    header(OPEN_PUSH, 'X-Docker-Endpoints', (host) => `${host}, ${host}`),
    each(UP_TO_0_9, 'push'),
  ],
  ['201 to the json', status(asks('PUT', /\/json$/), 201), each(ALL, 'push')],
  ['201 to the layer', status(asks('PUT', /\/layer$/), 201), each(ALL, 'push')],
  ['204 to the checksum', status(asks('PUT', /\/checksum$/), 204), each(ALL, 'push')],
  ['201 to a tag', status(asks('PUT', /\/tags\//), 201), {}],
  ['204 to a tag', status(asks('PUT', /\/tags\//), 204), each(ALL, 'push')],
  ['200 to the last PUT', status(CLOSE_PUSH, 200), each(ALL, 'push')],
  [
    'no token and endpoints on the last PUT',
    when(CLOSE_PUSH, (answer) => without(without(answer, 'X-Docker-Token'), 'X-Docker-Endpoints')),
    {},
  ],
];

const PULL: readonly Fault[] = [
  ['no endpoints for a pull', header(OPEN_PULL, 'X-Docker-Endpoints', () => undefined), each(UP_TO_0_9, 'pull')],
  [
    'a URL as endpoint for a pull',
    header(OPEN_PULL, 'X-Docker-Endpoints', (host) => `http://${host}`),
    each(ALL, 'pull'),
  ],
  [
    'two endpoints in one line for a pull',
    header(OPEN_PULL, 'X-Docker-Endpoints', (host) => `${host},\t${host}`),
    each(UP_TO_0_9, 'pull'),
  ],
  ['no token on a pull', { ...header(OPEN_PULL, 'X-Docker-Token', () => undefined), ...UNGUARDED }, {}],
  ['an empty image list', body(OPEN_PULL, () => '[]'), {}],
  ['an object as image list', body(OPEN_PULL, () => '{}'), each(ALL, 'pull')],
  ["the index's list of tags", body(GET_TAGS, () => '[{"layer": "68571817", "name": "one"}]'), each(ALL, 'pull')],
  [
    "the index's form of one tag",
    body(asks('GET', /\/tags\/one$/), () => '[{"pk": 1, "id": "68571817"}]'),
    each(FROM_1_13, 'pull'),
  ],
  // 1.13 and 17.05 report nothing, and run the layers in the wrong order under the configuration of the base.
  [
    'an ancestry with the base first',
    body(ANCESTRY, (ids) => JSON.stringify((JSON.parse(ids) as string[]).reverse())),
    each(FROM_1_5, 'pull'),
  ],
  ['an empty ancestry', body(ANCESTRY, () => '[]'), each(ALL, 'pull')],
  ['another json', body(GET_JSON, (json) => `${json} `), each(ALL, 'pull')],
  ['a layer of 206', status(GET_LAYER, 206), each(ALL, 'pull')],
  ['an empty layer', body(GET_LAYER, () => ''), each(ALL, 'pull')],
  ['answers in text/html', header(ANY, 'Content-Type', () => 'text/html'), {}],
  ['cookies', when(ANY, (answer) => withHeader(answer, 'Set-Cookie', 'session=abc; Path=/; HttpOnly')), {}],
];

const LAYERS: readonly Fault[] = [
  [
    'no X-Docker-Size',
    header(GET_JSON, 'X-Docker-Size', () => undefined),
    { ...each(UP_TO_0_9, 'pull'), ...each(['1.0', '1.5', '1.7'], 'resume') },
  ],
  ['an X-Docker-Size that is no number', header(GET_JSON, 'X-Docker-Size', () => 'large'), each(ALL, 'pull')],
  [
    'an X-Docker-Size below the length',
    header(GET_JSON, 'X-Docker-Size', (size) => String(Number(size) - 1)),
    each(['0.9', '1.0'], 'pull'),
  ],
  ['an X-Docker-Size above the length', header(GET_JSON, 'X-Docker-Size', (size) => String(Number(size) + 999)), {}],
  [
    'layers that break off, with ranges',
    when((request) => GET_LAYER(request) && !hasRange(request), cutOnce()),
    each(UP_TO_0_9, 'pull'),
  ],
  ['layers that break off, without ranges', unresumable(cutOnce()), each(UP_TO_1_7, 'pull')],
  ['no Accept-Ranges', header(asks('HEAD', /\/layer$/), 'Accept-Ranges', () => undefined), each(['1.0'], 'resume')],
  [
    'ranges of 416',
    instead((request) => GET_LAYER(request) && hasRange(request), { status: 416 }),
    each(['1.0', ...FROM_1_5], 'resume'),
  ],
];

const SEARCH: readonly Fault[] = [
  [
    'stars as text',
    body(asks('GET', /^\/v1\/search/), (found) => found.replace(/"star_count": ?0/g, '"star_count":"0"')),
    each(ALL, 'search'),
  ],
  [
    'no results',
    body(asks('GET', /^\/v1\/search/), () => '{"query": "x", "num_results": 0, "results": []}'),
    each(ALL, 'search'),
  ],
  ['no search', status(asks('GET', /^\/v1\/search/), 404), each(ALL, 'search')],
];

const FIRST_DELETE: Condition = (request) =>
  asks('DELETE', /./)(request) && request.headers.some(([name]) => name === 'X-Docker-Token');

const DELETE: readonly Fault[] = [
  ['no delete', instead(asks('DELETE', /./), { status: 405 }), each(ALL, 'delete')],
  ['no token to delete with', header(FIRST_DELETE, 'X-Docker-Token', () => undefined), each(ALL, 'delete')],
  ['no endpoints to delete at', header(FIRST_DELETE, 'X-Docker-Endpoints', () => undefined), each(ALL, 'delete')],
  ['a delete that is done at once', status(FIRST_DELETE, 200), {}],
];

async function diagnose(meddling: Meddling): Promise<Record<string, string[]>> {
  const proxy = await startMeddlingProxy(server, withoutV2(meddling));
  try {
    return failedSteps(await examineAtOnce(proxy.url));
  } finally {
    await proxy.close();
  }
}

describe.each([
  ['login', LOGIN],
  ['v2', V2_PROBES],
  ['push', PUSH],
  ['pull', PULL],
  ['layers', LAYERS],
  ['search', SEARCH],
  ['delete', DELETE],
] as const)('%s', (_, faults) => {
  it.each(faults)('%s', async (_name, meddling, broken) => {
    expect(await diagnose(meddling)).toEqual(broken);
  });
});

it('finds no fault with an honest proxy', async () => {
  expect(await diagnose({})).toEqual({});
});
