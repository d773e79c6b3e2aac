import { createChain, pushImages, startPull } from '../../helpers/images';
import { call, makePrivate } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

/*
 * Tags through the index (protocol 2.12).
 */

let server: TestServer;
const chain = createChain(3);
beforeAll(async () => {
  server = await startTestServer({ settings: { indexHosts: ['index.example.com', 'hub.example.com:5000'] } });
  await addUser(server, 'alice');
  await pushImages(server, 'alice/app', chain);
  await pushImages(server, 'alice/app', chain.slice(0, 2), { tag: 'one' });
});
afterAll(() => server.close());

const short = (index: number): string => chain[index]!.id.slice(0, 8);

async function get(path: string, host?: string, authorization?: string): Promise<[number, unknown]> {
  const headers = host === undefined ? {} : { Host: host };
  const credentials = authorization === undefined ? {} : { authorization };
  const { status, text } = await call(server, 'get', `/v1/repositories/${path}`, { headers, ...credentials });
  return [status, JSON.parse(text)];
}

const LIST = [
  { layer: short(2), name: 'latest' },
  { layer: short(1), name: 'one' },
];

it.each(['index.example.com', 'INDEX.example.com', 'hub.example.com:5000'])(
  'on %s a list has the index’s shape',
  async (host) => {
    expect(await get('alice/app/tags', host)).toEqual([200, LIST]);
  },
);

it('on any host, a list has the index’s shape for requests that ask for it', async () => {
  expect(await get('alice/app/tags?format=index')).toEqual([200, LIST]);
});

it('one tag is its image and the ancestors, with numbers', async () => {
  const [status, body] = await get('alice/app/tags/latest', 'index.example.com');
  expect(status).toBe(200);
  const rows = body as { pk: number; id: string }[];
  expect(rows.map(({ id }) => id)).toEqual([short(2), short(1), short(0)]);
  expect(rows.every(({ pk }) => Number.isInteger(pk))).toBe(true);
  expect(Object.keys(rows[0]!)).toEqual(['pk', 'id']);
});

it('an unknown tag is a 404 with a bare string', async () => {
  expect(await get('alice/app/tags/nope', 'index.example.com')).toEqual([404, 'Tag not found']);
});

it('other hosts, other ports and engines get the registry’s shape (E22)', async () => {
  const registry = { latest: chain[2]!.id, one: chain[1]!.id };
  const token = await startPull(server, 'alice/app');
  for (const host of [undefined, 'index.example.com:5000', 'hub.example.com', 'registry.example.com']) {
    expect(await get('alice/app/tags', host, token)).toEqual([200, registry]);
  }
  expect(await get('alice/app/tags/one', undefined, token)).toEqual([200, chain[1]!.id]);
});

it('private repositories stay private', async () => {
  await addUser(server, 'mallory');
  await pushImages(server, 'alice/secret', chain);
  await makePrivate(server, 'alice/secret', 'alice');
  for (const path of ['alice/secret/tags', 'alice/secret/tags/latest']) {
    expect((await get(path, 'index.example.com', basic('mallory')))[0]).toBe(404);
    expect((await get(path, 'index.example.com', basic('alice')))[0]).toBe(200);
  }
});
