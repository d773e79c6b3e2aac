import request from 'supertest';
import { jobsOf } from '../../../src/jobs';
import { createChain, pushImages, startPull, startPush } from '../../helpers/images';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const MISSING = '{"error":"Repository not found"}';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  await addUser(server, 'sleeper', { isActive: false });
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

function remove(path: string, authorization?: string): request.Test {
  const test = request(server.server).delete(`/v1/repositories/${path}`).set('X-Docker-Token', 'true');
  return authorization === undefined ? test : test.set('Authorization', authorization);
}

async function expectAnswer(test: request.Test, status: number, text: string): Promise<request.Response> {
  const response = await test;
  expect([response.status, response.text]).toEqual([status, text]);
  return response;
}

function tokenOf(response: request.Response): string {
  return `Token ${response.headers['x-docker-token']}`;
}

async function existing(name: string): Promise<unknown[]> {
  return server.ctx.db('repositories').where({ name }).select('name');
}

async function finishDeletions(): Promise<void> {
  const job = jobsOf(server.ctx).find(({ name }) => name === 'finish_deletions');
  await job?.run(new AbortController().signal);
}

describe('DELETE /v1/repositories/R/', () => {
  it('goes in three steps: index 202, registry 200, index 200', async () => {
    await pushImages(server, 'alice/app', createChain(2));
    const first = await expectAnswer(remove('alice/app/', basic('alice')), 202, '""');
    expect(first.headers['x-docker-token']).toMatch(/^signature=[0-9a-f]+,repository="alice\/app",access=delete$/);
    expect(first.headers['www-authenticate']).toBe(tokenOf(first));
    expect(first.headers['x-docker-endpoints']).toBe(server.host);
    await expectAnswer(remove('alice/app/', tokenOf(first)), 200, 'true');
    await expectAnswer(remove('alice/app/', tokenOf(first)), 404, MISSING);
    const last = await expectAnswer(remove('alice/app/', basic('alice')), 200, '""');
    expect(last.headers).not.toHaveProperty('x-docker-token');
    await expectAnswer(remove('alice/app/', basic('alice')), 404, MISSING);
    expect(await existing('app')).toEqual([]);
  });

  it('works without the trailing slash, without the registry\'s step, and with a body of ""', async () => {
    await pushImages(server, 'alice/direct', createChain(1));
    await expectAnswer(remove('alice/direct', basic('alice')).send('""'), 202, '""');
    await expectAnswer(remove('alice/direct', basic('alice')).send('""'), 200, '""');
    expect(await existing('direct')).toEqual([]);
  });

  it('hides the repository from pull, search and push at once', async () => {
    await pushImages(server, 'alice/vanishing', createChain(1));
    const read = await startPull(server, 'alice/vanishing', 'alice');
    await remove('alice/vanishing/', basic('alice')).expect(202);
    const get = (path: string) => request(server.server).get(path).set('Authorization', basic('alice'));
    await get('/v1/repositories/alice/vanishing/images').expect(404, '{"error":"images not found"}');
    await get('/v1/repositories/alice/vanishing/tags').expect(404, MISSING);
    await get('/v1/repositories/alice/vanishing/tags').set('Authorization', read).expect(404, MISSING);
    expect((await get('/v1/search?q=vanishing')).body.num_results).toBe(0);
    await request(server.server)
      .put('/v1/repositories/alice/vanishing/')
      .set('Authorization', basic('alice'))
      .send([])
      .expect(403, '"Repository is being deleted"');
  });

  it('finishes by itself after 24 hours, not before', async () => {
    await pushImages(server, 'alice/overdue', createChain(1));
    await pushImages(server, 'alice/waiting', createChain(1));
    const ages = { overdue: 25, waiting: 23 };
    for (const [name, hours] of Object.entries(ages)) {
      await remove(`alice/${name}/`, basic('alice')).expect(202);
      const since = server.ctx.db.raw('now() - make_interval(hours => ?)', [hours]);
      await server.ctx.db('repositories').where({ name }).update({ deleting_since: since });
    }
    await finishDeletions();
    expect(await existing('overdue')).toEqual([]);
    expect(await existing('waiting')).toEqual([{ name: 'waiting' }]);
    await startPush(server, 'alice/overdue', []);
  });

  it('accepts only the latest delete token, and only for its repository', async () => {
    await pushImages(server, 'alice/first', createChain(1));
    await pushImages(server, 'alice/second', createChain(1));
    const old = tokenOf(await remove('alice/first/images', basic('alice')).expect(204));
    const latest = tokenOf(await remove('alice/first/', basic('alice')).expect(202));
    expect((await remove('alice/second/', latest)).status).toBe(401);
    await expectAnswer(remove('alice/first/', old), 404, MISSING);
    await expectAnswer(remove('alice/first/', latest), 200, 'true');
  });

  it('answers 401 to read and write tokens, and deletes nothing', async () => {
    const write = await pushImages(server, 'alice/kept', createChain(1));
    const read = await startPull(server, 'alice/kept', 'alice');
    for (const token of [read, write]) {
      const response = await remove('alice/kept/', token);
      expect(response.status).toBe(401);
      expect(response.headers['www-authenticate']).toContain('Token');
    }
    const tags = await request(server.server).get('/v1/repositories/alice/kept/tags');
    expect(Object.keys(tags.body)).toEqual(['latest']);
  });

  it('answers 401 to anonymous callers and wrong credentials', async () => {
    await pushImages(server, 'alice/public', createChain(1));
    for (const authorization of [undefined, 'Basic Og==', 'Token ', basic('alice', 'wrong')]) {
      const response = await expectAnswer(remove('alice/public/', authorization), 401, '""');
      expect(response.headers['www-authenticate']).toBe(CHALLENGE);
    }
  });

  it('answers 403 to an inactive account and to another user', async () => {
    await expectAnswer(remove('alice/public/', basic('sleeper')), 403, '"Account is not Active"');
    const response = await remove('alice/public/', basic('robert'));
    expect(response.status).toBe(403);
    expect(JSON.parse(response.text)).toEqual(expect.any(String));
    expect(await existing('public')).toEqual([{ name: 'public' }]);
  });

  it('answers 404 for an unknown repository, and to another user for a private one', async () => {
    await pushImages(server, 'alice/hidden', createChain(1));
    await server.ctx.db('repositories').where({ name: 'hidden' }).update({ visibility: 'private' });
    await expectAnswer(remove('alice/nothing/', basic('alice')), 404, MISSING);
    await expectAnswer(remove('alice/hidden/', basic('robert')), 404, MISSING);
  });

  it('deletes a library repository only for administrators', async () => {
    await pushImages(server, 'official', createChain(1), { user: 'root' });
    expect((await remove('official/', basic('alice'))).status).toBe(403);
    await expectAnswer(remove('library/official/', basic('root')), 202, '""');
  });
});

describe('DELETE /v1/repositories/R/images', () => {
  it('returns a delete token and deletes nothing', async () => {
    await pushImages(server, 'alice/tokened', createChain(1));
    const response = await expectAnswer(remove('alice/tokened/images', basic('alice')), 204, '');
    expect(response.headers['x-docker-token']).toMatch(/,repository="alice\/tokened",access=delete$/);
    expect(response.headers['www-authenticate']).toBe(tokenOf(response));
    expect(response.headers['x-docker-endpoints']).toBe(server.host);
    await request(server.server).get('/v1/repositories/alice/tokened/images').expect(200);
    await expectAnswer(remove('alice/tokened/', tokenOf(response)), 200, 'true');
  });

  it('answers 401 to anonymous callers and tokens', async () => {
    const write = await pushImages(server, 'alice/guarded', createChain(1));
    for (const authorization of [undefined, write, basic('alice', 'wrong')]) {
      await expectAnswer(remove('alice/guarded/images', authorization), 401, '""');
    }
  });

  it('answers 403 to an inactive account and to another user, 404 for an unknown repository', async () => {
    await pushImages(server, 'alice/watched', createChain(1));
    await expectAnswer(remove('alice/watched/images', basic('sleeper')), 403, '"Account is not Active"');
    expect((await remove('alice/watched/images', basic('robert'))).status).toBe(403);
    await expectAnswer(remove('alice/nothing/images', basic('alice')), 404, MISSING);
  });
});
