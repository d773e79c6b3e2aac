import { gunzipSync } from 'node:zlib';
import { createImage, pushImages, startPull } from '../../helpers/images';
import { registryClient } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

/*
 * A layer of no bytes: engines before 1.13 fail on it, and the daemon of 0.7.6 crashes (engine behaviour, 3 and 8).
 */

let server: TestServer;
let client: ReturnType<typeof registryClient>;
const image = createImage({ layer: Buffer.alloc(0) });
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await pushImages(server, 'alice/app', [image]);
  client = registryClient(server, await startPull(server, 'alice/app'));
});
afterAll(() => server.close());

const FAILING = ['0.6.7', '0.7.6', '0.9.1', '0.10.0', '1.0.1', '1.5.0', '1.9.1', '1.10.3', '1.12.6'];
const COPING = ['1.13.1', '1.20.0', '17.05.0-ce', '10.0.0'];
const as = (version: string): Record<string, string> => ({ 'User-Agent': `docker/${version} go/go1.4 os/linux` });
const HASH = 'a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4';

it.each(FAILING)('docker %s gets an empty archive, whose size the json announces (E16, E20)', async (version) => {
  const json = await client.get(image.id, 'json', as(version));
  const layer = await client.get(image.id, 'layer', as(version));
  const head = await client.head(image.id, 'layer', as(version));
  const { createHash } = await import('node:crypto');
  expect(createHash('sha256').update(layer.bytes).digest('hex')).toBe(HASH);
  expect(gunzipSync(layer.bytes)).toEqual(Buffer.alloc(1024));
  expect([json.headers['x-docker-size'], head.headers['content-length'], layer.bytes.length]).toEqual(['32', '32', 32]);
  expect(layer.headers['vary']).toBe('Accept, Authorization, User-Agent');
  expect(json.headers['vary']).toBe('Accept, Authorization, User-Agent');
});

it('docker before 1.13 can also resume it', async () => {
  const whole = await client.get(image.id, 'layer', as('1.5.0'));
  const rest = await client.get(image.id, 'layer', { ...as('1.5.0'), Range: 'bytes=10-32' });
  expect([rest.status, rest.headers['content-range']]).toEqual([206, 'bytes 10-31/32']);
  expect(rest.bytes).toEqual(whole.bytes.subarray(10));
});

it.each(COPING)('docker %s gets the stored bytes (E20)', async (version) => {
  const json = await client.get(image.id, 'json', as(version));
  const layer = await client.get(image.id, 'layer', as(version));
  expect([json.headers['x-docker-size'], layer.status, layer.bytes.length]).toEqual(['0', 200, 0]);
});

it('other layers are the same for every engine', async () => {
  const other = createImage();
  await pushImages(server, 'alice/app', [other]);
  const layer = await client.get(other.id, 'layer', as('0.7.6'));
  expect(layer.bytes).toEqual(other.layer);
  expect(layer.headers['vary']).toBe('Accept, Authorization');
});
