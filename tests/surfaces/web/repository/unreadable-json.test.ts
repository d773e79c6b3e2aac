import { Browsing } from '../../../helpers/browse';
import { payloadOf, pushImages, type TestImage } from '../../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

/** An image whose json has this time of creation. */
function imageOf(id: string, created: unknown): TestImage {
  const json = Buffer.from(JSON.stringify({ id, created }));
  const layer = Buffer.from('a layer');
  return { id, json, layer, payload: payloadOf(json, layer) };
}

test.each([
  ['a', '', true],
  ['b', 'yesterday', true],
  ['c', 1433160000, true],
  ['d', '2015-06-01 12:00:00', true],
  ['e', '2015-06-01T12:00:00Z', false],
  ['f', '2015-06-01T12:00:00.123456789+02:00', false],
  ['0', undefined, false],
])('the page of image %s with "created" %j warns that engines cannot pull it: %s', async (digit, created, isWarned) => {
  const image = imageOf(digit.repeat(64), created);
  await pushImages(server, `alice/app${digit}`, [image]);
  const { status, html } = await new Browsing(server.server).get(`/r/alice/app${digit}/tags/latest/`);
  expect([status, html.includes('Engines cannot pull this image')]).toEqual([200, isWarned]);
});
