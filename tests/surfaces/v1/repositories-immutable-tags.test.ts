import { setImmutableTags } from '../../../src/features/repositories/immutable-tags';
import { actorOf } from '../../helpers/actors';
import { makeImage, startPush, uploadImage } from '../../helpers/images';
import { call, errorText, reply } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const OK = [200, 'true'];
const immutable = (tag: string) => [409, errorText(`The tag ${tag} is immutable: it cannot be moved or deleted`)];

let server: TestServer;
const [first, second] = [makeImage(), makeImage()];
let token: string;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());
beforeEach(async () => {
  token = await startPush(server, 'alice/app', [first, second]);
  await server.ctx.db('tags').delete();
  if ((await server.ctx.db('image_contents')).length === 0) {
    for (const image of [first, second]) await uploadImage(server, token, image);
  }
});

const protect = async (...patterns: string[]): Promise<void> =>
  setImmutableTags(server.ctx, await actorOf(server, 'alice'), { namespace: 'alice', name: 'app' }, patterns);
const tags = async (): Promise<unknown> =>
  JSON.parse((await call(server, 'get', '/v1/repositories/alice/app/tags')).text);
const put = (tag: string, id: string, authorization = token) =>
  reply(call(server, 'put', `/v1/repositories/alice/app/tags/${tag}`, { authorization, body: `"${id}"` }));
const remove = (tag: string, authorization = basic('alice')) =>
  reply(call(server, 'delete', `/v1/repositories/alice/app/tags/${tag}`, { authorization }));

async function deleteToken(): Promise<string> {
  const { headers } = await call(server, 'delete', '/v1/repositories/alice/app/images', {
    authorization: basic('alice'),
    headers: { 'X-Docker-Token': 'true' },
  });
  return `Token ${headers['x-docker-token']}`;
}

describe('an immutable tag', () => {
  it('is set once, and then moved by nobody: 409 with a sentence, and nothing changes', async () => {
    await protect('v*');
    expect(await put('v1', first.id)).toEqual(OK);
    const before = await server.ctx.db('tags');
    for (const authorization of [token, basic('alice'), basic('root')]) {
      expect(await put('v1', second.id, authorization)).toEqual(immutable('v1'));
    }
    expect(await server.ctx.db('tags')).toEqual(before);
    expect(await server.ctx.db('tag_events').where({ to_image_id: second.id })).toEqual([]);
    expect(await server.ctx.db('audit_events').where({ action: 'tag.moved' })).toEqual([]);
  });

  it('may be set to the image that it has', async () => {
    await protect('*');
    for (let turn = 0; turn < 2; turn += 1) expect(await put('v1', first.id)).toEqual(OK);
  });

  it('is one that matches a pattern; the others move freely', async () => {
    await protect('v?.0', 'stable');
    for (const id of [first.id, second.id]) {
      expect(await put('latest', id)).toEqual(OK);
      expect(await put('v10.0', id)).toEqual(OK);
    }
    for (const tag of ['stable', 'v1.0']) {
      expect(await put(tag, first.id)).toEqual(OK);
      expect(await put(tag, second.id)).toEqual(immutable(tag));
    }
  });

  it('is not deleted, and a delete token is not used up by the attempt', async () => {
    await protect('v*');
    await put('v1', first.id);
    await put('latest', first.id);
    expect(await remove('v1')).toEqual(immutable('v1'));
    const authorization = await deleteToken();
    expect(await remove('v1', authorization)).toEqual(immutable('v1'));
    expect(await remove('latest', authorization)).toEqual(OK);
    expect(await tags()).toEqual({ v1: first.id });
  });

  it('moves again once the pattern is taken back', async () => {
    await protect('*');
    await put('v1', first.id);
    await protect();
    expect(await put('v1', second.id)).toEqual(OK);
    expect(await remove('v1')).toEqual(OK);
  });

  it('goes with the whole repository', async () => {
    await protect('*');
    await put('v1', first.id);
    const authorization = await deleteToken();
    expect(await reply(call(server, 'delete', '/v1/repositories/alice/app/', { authorization }))).toEqual(OK);
    for (const status of [202, 200]) {
      const answer = await call(server, 'delete', '/v1/repositories/alice/app/', { authorization: basic('alice') });
      expect(answer.status).toBe(status);
    }
    await server.ctx.db('image_contents').delete();
  });
});

describe('races', () => {
  it('of many who set one immutable tag have one winner, whose image stays', async () => {
    await protect('v*');
    for (let round = 0; round < 10; round += 1) {
      await server.ctx.db('tags').delete();
      const ids = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? first.id : second.id));
      const answers = await Promise.all(ids.map(async (id) => ({ id, answer: await put('v1', id) })));
      const { v1: winner } = (await tags()) as { v1: string };
      for (const { id, answer } of answers) expect(answer).toEqual(id === winner ? OK : immutable('v1'));
    }
  });

  it('of a move and the setting of the pattern: no tag moves after it was set', async () => {
    for (let round = 0; round < 20; round += 1) {
      await protect();
      await put('v1', first.id);
      const moves = (async () => {
        for (let turn = 1; ; turn += 1) {
          const [status] = await put('v1', turn % 2 === 0 ? first.id : second.id);
          if (status === 409) return;
        }
      })();
      await protect('*');
      const then = await tags();
      await moves;
      expect(await tags()).toEqual(then);
    }
  });
});
