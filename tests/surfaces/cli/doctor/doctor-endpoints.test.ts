import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';
import { GENERATIONS } from '../../../../src/surfaces/cli/doctor/generations';
import { examineAs, examineAtOnce, failedSteps } from './examination';
import { startMeddlingProxy, type MeddlingProxy, type PassingAnswer, type PassingRequest } from './meddling-proxy';

/** An index whose images are on other hosts (protocol 2.14). */
let server: TestServer;
let index: MeddlingProxy;
let registry: MeddlingProxy;
let endpoints: readonly string[] = [];
let isRegistryDown: (request: PassingRequest) => boolean = () => false;

beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  index = await startMeddlingProxy(server, { answer: (_, answer) => sendTo(endpoints, answer) });
  registry = await startMeddlingProxy(server, {
    instead: (request) =>
      isRegistryDown(request) ? { status: 503, headers: [], body: Buffer.from('down') } : undefined,
  });
});

afterAll(async () => {
  await index.close();
  await registry.close();
  await server.close();
});

beforeEach(() => {
  index.requests.length = 0;
  registry.requests.length = 0;
  isRegistryDown = () => false;
});

function sendTo(hosts: readonly string[], answer: PassingAnswer): PassingAnswer {
  const isEndpoints = ([name]: readonly [string, string]): boolean => name === 'X-Docker-Endpoints';
  if (!answer.headers.some(isEndpoints)) return answer;
  const lines = hosts.map((host) => ['X-Docker-Endpoints', host] as const);
  return { ...answer, headers: [...answer.headers.filter((line) => !isEndpoints(line)), ...lines] };
}

function kindsOf({ requests }: MeddlingProxy): string[] {
  const kinds = requests.map(({ path }) => /^\/v1\/(?:repositories\/.*\/(tags|images)\b|(images|users))/.exec(path));
  return [...new Set(kinds.flatMap((kind) => kind?.[1] ?? kind?.[2] ?? []))].sort();
}

it('sends images and tags to the registry, and nothing else', async () => {
  endpoints = [registry.host];
  expect(failedSteps(await examineAtOnce(index.url))).toEqual({});
  expect(kindsOf(registry)).toEqual(['images', 'tags']);
  expect(index.requests.filter(({ path }) => /^\/v1\/(images|repositories\/.*\/tags)/.test(path))).toEqual([]);
  const [closing] = index.requests.filter(({ method, path }) => method === 'PUT' && path.endsWith('/images'));
  expect(closing?.headers).toContainEqual(['X-Docker-Endpoints', `http://${registry.host}/v1/`]);
});

it('tries no crossing if the images are on other hosts', async () => {
  endpoints = [registry.host];
  const report = await examineAs(index.url, { generations: GENERATIONS.slice(-1) });
  const [{ steps } = { steps: undefined }] = report.engines;
  const apart = { status: 'not applicable', reason: 'the index has its images on other hosts, which v2 cannot name' };
  expect([steps?.['v1 to v2'], steps?.['v2 to v1']]).toEqual([apart, apart]);
});

it('pushes to each registry, and names them all at the end (E7)', async () => {
  endpoints = [registry.host, index.host];
  expect(failedSteps(await examineAtOnce(index.url))).toEqual({});
  const taggedBy = ({ requests }: MeddlingProxy): string[] =>
    requests.flatMap(({ method, path }) => (method === 'PUT' && path.includes('/tags/') ? [path] : [])).sort();
  expect(taggedBy(registry).length).toBeGreaterThan(7 * 2 * 2 - 1);
  expect(taggedBy(index)).toEqual(taggedBy(registry));
  const [closing] = index.requests.filter(({ method, path }) => method === 'PUT' && path.endsWith('/images'));
  expect(closing?.headers.filter(([name]) => name === 'X-Docker-Endpoints')).toHaveLength(2);
});

it('pulls from the next registry if the first one fails (E7)', async () => {
  endpoints = [registry.host, index.host];
  isRegistryDown = ({ method }) => method === 'GET' || method === 'HEAD';
  const report = await examineAtOnce(index.url);
  // The lookups of that registry fail, so everything is uploaded again; no other step fails.
  expect(new Set(Object.values(failedSteps(report)).flat())).toEqual(new Set(['push again']));
  expect(report.engines.map(({ steps }) => steps.pull.status)).toEqual(Array.from({ length: 7 }, () => 'ok'));
});
