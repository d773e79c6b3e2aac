import request from 'supertest';
import { actorOf } from '../../helpers/actors';
import { createImage, pushImages, startPull, startPush } from '../../helpers/images';
import { call, makePrivate } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { getActivityTotals } from '../../helpers/by-name';

const ENGINE = 'docker/1.5.0 go/go1.4.1 git-commit/a8a31ef kernel/3.13.0 os/linux arch/amd64';
const IMAGES = '/v1/repositories/alice/app/images';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  await pushImages(server, 'alice/app', [createImage()]);
});
afterAll(() => server.close());

async function totals(): Promise<{ pulls: number; pushes: number }> {
  await server.ctx.activity.flush();
  return getActivityTotals(server.ctx, await actorOf(server, 'alice'), { namespace: 'alice', name: 'app' });
}

/** The difference that `act` makes to the counts. */
async function added(act: () => Promise<unknown>): Promise<{ pulls: number; pushes: number }> {
  const before = await totals();
  await act();
  const after = await totals();
  return { pulls: after.pulls - before.pulls, pushes: after.pushes - before.pushes };
}

describe('a pull', () => {
  it('is counted for each image list that is read with Basic or anonymously', async () => {
    const act = async (): Promise<void> => {
      for (const user of [undefined, 'bobby', 'bobby']) await startPull(server, 'alice/app', user);
      await request(server.server).get(`${IMAGES}/`).set('Authorization', 'Basic Og==').expect(200);
    };
    expect(await added(act)).toEqual({ pulls: 4, pushes: 0 });
  });

  it('is not counted for a registry that verifies a token, a HEAD, or a refused request', async () => {
    const [reading, writing] = [await startPull(server, 'alice/app'), await startPush(server, 'alice/app', [])];
    const act = async (): Promise<void> => {
      for (const token of [reading, writing]) {
        await request(server.server).get(IMAGES).set('Authorization', token).expect(200);
      }
      await request(server.server).head(IMAGES).expect(200);
      await request(server.server).get(IMAGES).set('Authorization', basic('alice', 'wrong')).expect(401);
      await makePrivate(server, 'alice/app', 'alice');
      await request(server.server).get(IMAGES).expect(401);
      await request(server.server).get(IMAGES).set('Authorization', basic('bobby')).expect(404);
    };
    expect(await added(act)).toEqual({ pulls: 0, pushes: 0 });
  });

  it('is counted with the version and kernel of its engine', async () => {
    await server.ctx.db('repository_activity').delete();
    const headers = { 'User-Agent': ENGINE };
    await call(server, 'get', IMAGES, { authorization: basic('alice'), headers });
    await server.ctx.activity.flush();
    const rows = await server.ctx.db('repository_activity');
    expect(rows).toMatchObject([{ engine: '1.5.0', kernel: '3.13.0', pulls: 1, pushes: 0 }]);
  });
});

describe('a push', () => {
  it('is counted when it is finished, with Basic or a token', async () => {
    const act = async (): Promise<void> => {
      const token = await startPush(server, 'alice/app', []);
      for (const authorization of [token, basic('alice')]) {
        expect((await call(server, 'put', IMAGES, { authorization, body: '[]' })).status).toBe(204);
      }
      for (const authorization of [basic('bobby'), basic('alice', 'wrong')]) {
        expect((await call(server, 'put', IMAGES, { authorization, body: '[]' })).status).toBeGreaterThan(400);
      }
      expect((await call(server, 'put', IMAGES, { authorization: token, body: '{}' })).status).toBe(400);
    };
    expect(await added(act)).toEqual({ pulls: 0, pushes: 2 });
  });
});
