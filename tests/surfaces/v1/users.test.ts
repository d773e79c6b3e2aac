import request from 'supertest';
import { pushImages, makeChain, startPull } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

it('smoke', async () => {
  const r = await request(server.server)
    .post('/v1/users')
    .send({ username: 'bobby', password: 'secret', email: 'b@example.com' });
  expect([r.status, r.text]).toEqual([201, '"User created"']);
  const chain = makeChain(3);
  await pushImages(server, 'alice/app', chain);
  const token = await startPull(server, 'alice/app');
  const tags = await request(server.server).get('/v1/repositories/alice/app/tags').set('Authorization', token);
  expect(tags.body).toEqual({ latest: chain[2]!.id });
  const ancestry = await request(server.server).get(`/v1/images/${chain[2]!.id}/ancestry`).set('Authorization', token);
  expect(ancestry.body).toEqual(chain.map((i) => i.id).reverse());
  const layer = await request(server.server)
    .get(`/v1/images/${chain[1]!.id}/layer`)
    .set('Authorization', token)
    .buffer();
  expect(layer.body).toEqual(chain[1]!.layer);
});
