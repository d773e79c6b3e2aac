import { collectGarbageNow } from '../../../src/features/maintenance/at-once';
import { actorOf } from '../../helpers/actors';
import { askApi } from '../../helpers/api-client';
import { createImage, startPush, uploadImage } from '../../helpers/images';
import { call, errorText, reply } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { deleteAtOnce, setImmutableTags } from '../../helpers/by-name';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';

const OK = [200, 'true'];
const immutable = (tag: string) => [409, errorText(`The tag ${tag} is immutable: it cannot be moved or deleted`)];

let server: TestServer;
const [first, second] = [createImage(), createImage()];
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

const finishPush = () =>
  call(server, 'put', '/v1/repositories/alice/app/images', { authorization: basic('alice'), body: '[]' });

async function deleteToken(): Promise<string> {
  const { headers } = await call(server, 'delete', '/v1/repositories/alice/app/images', {
    authorization: basic('alice'),
    headers: { 'X-Docker-Token': 'true' },
  });
  return `Token ${headers['x-docker-token']}`;
}

describe('an immutable tag', () => {
  it('is set once, and then never moved: 409 with a sentence, and nothing changes', async () => {
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

  it('is a tag that matches a pattern; the others move freely', async () => {
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

  it('is not deleted, and the attempt does not use a delete token up', async () => {
    await protect('v*');
    await put('v1', first.id);
    await put('latest', first.id);
    expect(await remove('v1')).toEqual(immutable('v1'));
    const authorization = await deleteToken();
    expect(await remove('v1', authorization)).toEqual(immutable('v1'));
    expect(await remove('latest', authorization)).toEqual(OK);
    expect(await tags()).toEqual({ v1: first.id });
  });

  it('moves again once the pattern is removed', async () => {
    await protect('*');
    await put('v1', first.id);
    await protect();
    expect(await put('v1', second.id)).toEqual(OK);
    expect(await remove('v1')).toEqual(OK);
  });
});

const whole = 'alice/app has immutable tags (v1). Make its tags mutable first, in its settings';

describe('the deletion of a whole repository with an immutable tag', () => {
  const at = (method: 'delete' | 'get', path: string, authorization: string) =>
    reply(call(server, method, `/v1/repositories/alice/app/${path}`, { authorization }));

  it('is refused by each request of v1, which then changes nothing (R200)', async () => {
    await protect('v*');
    await put('v1', first.id);
    await put('latest', first.id);
    const authorization = await deleteToken();
    for (const by of [basic('alice'), basic('root')]) {
      expect(await at('delete', '', by)).toEqual([403, JSON.stringify(whole)]);
      expect(await at('delete', 'tags', by)).toEqual([403, errorText(whole)]);
    }
    expect(await at('delete', '', authorization)).toEqual([403, JSON.stringify(whole)]);
    expect(await at('delete', 'tags', authorization)).toEqual([403, errorText(whole)]);
    expect(await tags()).toEqual({ v1: first.id, latest: first.id });
    expect(await server.ctx.db('repositories').first('state')).not.toEqual({ state: 'deleting' });
    // The attempts have not used the token up.
    expect(await remove('latest', authorization)).toEqual(OK);
  });

  it('is refused by the API and the command line, unless the operator overrides it (R200)', async () => {
    await protect('*');
    for (const tag of ['a', 'b', 'c', 'd']) await put(tag, first.id);
    const sentence = 'alice/app has immutable tags (a, b, c and 1 more). Make its tags mutable first, in its settings';
    const answer = await askApi(server, 'delete', '/api/v1.1/repositories/alice/app/', { as: 'alice' });
    expect([answer.status, answer.body.detail]).toEqual([409, sentence]);
    const APP = { namespace: 'alice', name: 'app' };
    await expect(deleteAtOnce(server.ctx, OPERATOR_ACTOR, APP)).rejects.toMatchObject({
      code: 'conflict',
      message: sentence,
    });
    await deleteAtOnce(server.ctx, OPERATOR_ACTOR, APP, { evenImmutable: true });
    expect(await server.ctx.db('tags')).toEqual([]);
    await server.ctx.db('image_contents').delete();
  });

  it('is refused for a former name that hosts pull by, so that nobody can push under that name (R200)', async () => {
    await protect('*');
    await put('v1', first.id);
    await finishPush();
    const move = (from: string, to: string) =>
      askApi(server, 'post', `/api/v1.1/repositories/alice/${from}/move/`, {
        as: 'alice',
        body: { namespace: 'alice', name: to },
      });
    expect((await move('app', 'renamed')).status).toBe(200);
    expect(await tags()).toEqual({ v1: first.id });
    const alias = '/api/v1.1/repositories/alice/renamed/aliases/alice/app/';
    expect((await askApi(server, 'delete', alias, { as: 'alice' })).status).toBe(409);
    expect((await move('renamed', 'app')).status).toBe(200);
    const put2 = { authorization: basic('alice'), body: `"${second.id}"` };
    expect(await reply(call(server, 'put', '/v1/repositories/alice/app/tags/v1', put2))).toEqual(immutable('v1'));
    await server.ctx.db('repository_aliases').delete();
  });

  it('succeeds once the tags are mutable again, which the audit log shows', async () => {
    await protect('*');
    await put('v1', first.id);
    await protect();
    for (const status of [202, 200]) expect((await at('delete', '', basic('alice')))[0]).toBe(status);
    const changes = await server.ctx.db('audit_events').where({ action: 'repository.immutable_tags_changed' });
    expect(changes.at(-1)).toMatchObject({ details: { to: '' } });
    await server.ctx.db('image_contents').delete();
  });

  it('leaves the image of an immutable tag to gc, which keeps it', async () => {
    await protect('*');
    await put('v1', first.id);
    await server.ctx.db('repository_images').update({ announced_at: new Date(0) });
    await server.ctx.db('blobs').update({ referenced_at: new Date(0) });
    await collectGarbageNow(server.ctx, OPERATOR_ACTOR, { olderThanMs: 60_000, dryRun: false });
    expect(await tags()).toEqual({ v1: first.id });
    expect((await call(server, 'get', `/v1/images/${first.id}/layer`)).bytes).toEqual(first.layer);
    await server.ctx.db('repository_images').delete().whereNot({ image_id: first.id });
    for (const name of ['tags', 'repositories', 'image_contents']) await server.ctx.db(name).delete();
  });
});

describe('races', () => {
  it('of a deletion and the setting of an immutable tag: either the tag is set and stays, or nothing is left', async () => {
    for (let round = 0; round < 10; round += 1) {
      token = await startPush(server, 'alice/app', [first, second]);
      if ((await server.ctx.db('image_contents')).length === 0) await uploadImage(server, token, first);
      await protect('v*');
      const [set, deleted] = await Promise.all([
        put('v1', first.id),
        reply(call(server, 'delete', '/v1/repositories/alice/app/', { authorization: basic('alice') })),
      ]);
      const isSet = (await server.ctx.db('tags').where({ name: 'v1' })).length === 1;
      expect([isSet, deleted[0]]).toEqual(set[0] === 200 ? [true, 403] : [false, 202]);
      await server.ctx.db('tags').delete();
      await server.ctx.db('repositories').delete();
      await server.ctx.db('image_contents').delete();
    }
    token = await startPush(server, 'alice/app', [first, second]);
    for (const image of [first, second]) await uploadImage(server, token, image);
  });

  it('of many clients that set one immutable tag have one winner, whose image stays', async () => {
    await protect('v*');
    for (let round = 0; round < 10; round += 1) {
      await server.ctx.db('tags').delete();
      const ids = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? first.id : second.id));
      const answers = await Promise.all(ids.map(async (id) => ({ id, answer: await put('v1', id) })));
      const { v1: winner } = (await tags()) as { v1: string };
      for (const { id, answer } of answers) expect(answer).toEqual(id === winner ? OK : immutable('v1'));
    }
  });

  it('of a move and the setting of the pattern: no tag moves after the pattern was set', async () => {
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
