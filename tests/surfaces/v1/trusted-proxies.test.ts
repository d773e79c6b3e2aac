import request from 'supertest';
import { trustProxies } from '../../../src/platform/http/client-address';
import { createImage, pushImages } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const image = createImage();
const REPOSITORY = '/v1/repositories/alice/app';

async function start(proxies: string[]): Promise<TestServer> {
  const server = await startTestServer({ settings: { trustsProxy: trustProxies(proxies) } });
  await addUser(server, 'alice');
  await pushImages(server, 'alice/app', [image]);
  await server.ctx.db('repository_openings').delete();
  return server;
}

it.each([
  ['is believed from a proxy that is trusted', ['127.0.0.0/8'], '192.0.2.1'],
  ['means nothing from anybody else', ['10.0.0.0/8'], '127.0.0.1'],
])('X-Forwarded-For %s counts for openings and in the log', async (_what, proxies, address) => {
  const server = await start(proxies);
  const lines: Record<string, unknown>[] = [];
  const info = (line: unknown): void => void lines.push(line as Record<string, unknown>);
  const log = jest.spyOn(server.ctx.log, 'info').mockImplementation(info);
  await request(server.server).get(`${REPOSITORY}/images`).set('X-Forwarded-For', '203.0.113.9, 192.0.2.1').expect(200);
  log.mockRestore();
  expect(await server.ctx.db('repository_openings').pluck('caller')).toEqual([`address ${address}`]);
  expect(lines).toMatchObject([{ method: 'GET', status: 200, address }]);
  await server.close();
});

it('two clients without tokens behind one proxy do not affect each other', async () => {
  const server = await start(['loopback']);
  const other = createImage({ id: image.id, note: 'the same id, another image' });
  await addUser(server, 'carol');
  await pushImages(server, 'carol/app', [other], { user: 'carol' });
  const get = (path: string, address: string) =>
    request(server.server).get(path).set('X-Forwarded-For', address).expect(200);
  await get('/v1/repositories/alice/app/images', '192.0.2.1');
  await get('/v1/repositories/carol/app/images', '192.0.2.2');
  expect((await get(`/v1/images/${image.id}/json`, '192.0.2.1')).text).toBe(image.json.toString());
  expect((await get(`/v1/images/${image.id}/json`, '192.0.2.2')).text).toBe(other.json.toString());
  await server.close();
});
