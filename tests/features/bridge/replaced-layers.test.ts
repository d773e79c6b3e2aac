import { gzipSync } from 'node:zlib';
import { pushOverV1, tarOf } from '../../helpers/crossing-images';
import { DAMAGES } from '../../helpers/damage';
import { pulledDigests, withParts } from '../../helpers/derived-chains';
import { startPull, startPush, uploadImage } from '../../helpers/images';
import { registryClient } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { digestOf } from '../../helpers/v2-client';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

it('images whose base was damaged and pushed again in other bytes are pulled over v2 with these', async () => {
  const [base, top] = await pushOverV1(server, 'alice/again', [gzipSync(tarOf('base')), gzipSync(tarOf('top'))]);
  const before = await pulledDigests(server, 'alice/again');
  await DAMAGES.missing({ db: server.ctx.db, blobDir: server.blobDir }, base!);
  const pull = registryClient(server, await startPull(server, 'alice/again'));
  expect((await pull.get(base!.id, 'layer')).status).toBe(503);
  const packedAgain = withParts(base!, { layer: gzipSync(tarOf('base'), { level: 1 }) });
  await uploadImage(server, await startPush(server, 'alice/again', [packedAgain, top!]), packedAgain);
  const after = await pulledDigests(server, 'alice/again');
  // The config is the same, because the files are.
  expect(after[1]).toBe(before[1]);
  expect(after.slice(2)).toEqual([packedAgain, top!].map(({ layer }) => digestOf(layer)));
});
