import { DEFAULT_LIMITS } from '../../../../src/surfaces/cli/doctor/doctor';
import { GENERATIONS } from '../../../../src/surfaces/cli/doctor/generations';
import { selfSignedCertificate } from '../../../helpers/self-signed-certificate';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';
import { examineAs, examineAtOnce, failedSteps, failureOf, withoutV2 } from './examination';
import { startMeddlingProxy, type Header, type Meddling, type MeddlingProxy } from './meddling-proxy';

let server: TestServer;
let proxy: MeddlingProxy;
let standalone: string | undefined;

const INSECURE = { ...DEFAULT_LIMITS, insecure: true };

const named = (...names: readonly string[]) => GENERATIONS.filter(({ name }) => names.includes(name));

beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  const sayStandalone = (headers: readonly Header[]): Header[] => [
    ...headers.filter(([name]) => name !== 'X-Docker-Registry-Standalone'),
    ...(standalone === undefined ? [] : [['X-Docker-Registry-Standalone', standalone] as const]),
  ];
  const meddling: Meddling = {
    answer: ({ path }, answer) =>
      path === '/v1/_ping' ? { ...answer, headers: sayStandalone(answer.headers) } : answer,
  };
  proxy = await startMeddlingProxy(server, withoutV2(meddling), selfSignedCertificate());
});

beforeEach(() => {
  proxy.requests.length = 0;
});

afterAll(async () => {
  await proxy.close();
  await server.close();
});

/** The scheme, Basic or Token, that each engine sent with its layers. */
function schemesByEngine(): Record<string, string> {
  const layers = proxy.requests.filter(({ path }) => path.endsWith('/layer'));
  const found = layers.map(({ headers }) => {
    const value = (name: string): string => headers.find(([key]) => key === name)?.[1] ?? '';
    return [/^docker\/(\d+\.\d+)/.exec(value('User-Agent'))?.[1] ?? '', value('Authorization').split(' ')[0] ?? ''];
  });
  return Object.fromEntries([...new Map(found.map(([engine, scheme]) => [engine, scheme]))]) as Record<string, string>;
}

const TOKENS = {
  '0.6': 'Token',
  '0.9': 'Token',
  '1.0': 'Token',
  '1.5': 'Token',
  '1.7': 'Token',
  '1.13': 'Token',
  '17.05': 'Token',
};
const BASIC = {
  '0.6': 'Token',
  '0.9': 'Basic',
  '1.0': 'Basic',
  '1.5': 'Basic',
  '1.7': 'Basic',
  '1.13': 'Basic',
  '17.05': 'Basic',
};

it.each([
  ['False', TOKENS],
  ['True', BASIC],
  [undefined, BASIC],
])('finds no fault if the ping says standalone: %s', async (header, schemes) => {
  standalone = header;
  expect(failedSteps(await examineAtOnce(proxy.url, { limits: INSECURE }))).toEqual({});
  expect(schemesByEngine()).toEqual(schemes);
});

it.each([
  ['mirror', TOKENS],
  ['0', TOKENS],
  ['1', BASIC],
  ['', BASIC],
])('reads the other values of standalone as the engines do: %j', async (header, schemes) => {
  standalone = header;
  const generations = named('0.6', '0.9', '1.0'); // of each sign, one
  expect(failedSteps(await examineAtOnce(proxy.url, { limits: INSECURE, generations }))).toEqual({});
  expect(schemesByEngine()).toEqual({ '0.6': schemes['0.6'], '0.9': schemes['0.9'], '1.0': schemes['1.0'] });
});

it('pings before a push and a pull as 1.13, which it does not over http', async () => {
  standalone = 'False';
  await examineAs(proxy.url, { limits: INSECURE, generations: named('1.13') });
  const agents = proxy.requests.filter(({ path }) => path === '/v1/_ping').map(({ headers }) => headers.flat().join());
  // Once for the ping itself, two pushes, two pulls, and a search.
  expect(agents.filter((headers) => headers.includes('docker/1.13.1'))).toHaveLength(6);
});

it('tries https first if the URL has no scheme', async () => {
  standalone = 'False';
  const generations = named('0.6', '1.7');
  const report = await examineAs(proxy.host, { limits: INSECURE, generations });
  expect(failedSteps(report)).toEqual({});
  expect(proxy.requests.length).toBeGreaterThan(50);
  expect(failedSteps(await examineAs(server.host, { generations }))).toEqual({});
});

it('does not trust an unknown authority', async () => {
  const report = await examineAs(proxy.url);
  expect(Object.keys(failedSteps(report))).toEqual(['0.6', '0.9', '1.0', '1.5', '1.7', '1.13', '17.05']);
  expect(failureOf(report, '1.7', 'ping').answer).toBe('none: self-signed certificate');
  expect(proxy.requests).toEqual([]);
});
