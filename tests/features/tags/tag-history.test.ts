import type { Actor, RepositoryName } from '../../../src/features/access/actor';
import { listEvents } from '../../../src/features/audit/audit';
import { actorOf, ANYBODY } from '../../helpers/actors';
import { createChain, createImage, pushImages, startPush, uploadImage } from '../../helpers/images';
import { call, makePrivate } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { deleteTag, getTag, listTagHistory, putTag, restoreTag, setImmutableTags } from '../../helpers/by-name';

let server: TestServer;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  alice = await actorOf(server, 'alice');
  bob = await actorOf(server, 'bobby');
});
afterAll(() => server.close());

const nameOf = (name: string): RepositoryName => ({ namespace: 'alice', name });
const put = (name: string, tag: string, imageId: string, actor = alice) =>
  putTag(server.ctx, actor, nameOf(name), { name: tag, imageId, engine: {} });
const history = async (name: string, filter: { tag?: string; before?: number; limit?: number } = {}) =>
  listTagHistory(server.ctx, alice, nameOf(name), { limit: 100, ...filter });

/** Pushes a repository with two images, the first of which has the tag. */
async function twoImages(name: string, tag: string): Promise<[string, string]> {
  const images = createChain(2);
  await pushImages(server, `alice/${name}`, images, { tag: 'top' });
  const [first, second] = images.map(({ id }) => id) as [string, string];
  await put(name, tag, first);
  return [first, second];
}

describe('the history of tags', () => {
  it('has every tag that was set, moved or deleted, with who did it, the newest first', async () => {
    const [first, second] = await twoImages('app', 'v1');
    await put('app', 'v1', second);
    await put('app', 'v1', second); // not a move
    await deleteTag(server.ctx, alice, nameOf('app'), 'v1');
    const [deleted, moved, set, top, ...none] = await history('app');
    expect(none).toEqual([]);
    expect(deleted).toMatchObject({ tag: 'v1', from: second, to: undefined, actor: 'alice' });
    expect(moved).toMatchObject({ tag: 'v1', from: first, to: second, actor: 'alice' });
    expect(set).toMatchObject({ tag: 'v1', from: undefined, to: first, actor: 'alice' });
    expect(top).toMatchObject({ tag: 'top', from: undefined, to: second, actor: 'alice' });
    expect(deleted!.at.getTime()).toBeGreaterThanOrEqual(moved!.at.getTime());
  });

  it('is read page by page, of one tag or of all', async () => {
    const [first, second] = await twoImages('pages', 'v1');
    for (const id of [second, first, second]) await put('pages', 'v1', id);
    const all = await history('pages');
    expect(all).toHaveLength(5);
    const page = await history('pages', { limit: 2 });
    expect([...page, ...(await history('pages', { limit: 10, before: page[1]!.id }))]).toEqual(all);
    expect(await history('pages', { tag: 'v1' })).toEqual(all.filter(({ tag }) => tag === 'v1'));
    expect(await history('pages', { tag: 'v1', before: all[1]!.id, limit: 1 })).toEqual([all[2]]);
    await expect(history('pages', { tag: 'no\0tag' })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('has the tags that were deleted with all images, and is deleted with the repository', async () => {
    const [first] = await twoImages('gone', 'v1');
    const { headers } = await call(server, 'delete', '/v1/repositories/alice/gone/images', {
      authorization: basic('alice'),
      headers: { 'X-Docker-Token': 'true' },
    });
    const authorization = `Token ${headers['x-docker-token']}`;
    expect(await call(server, 'delete', '/v1/repositories/alice/gone/', { authorization })).toMatchObject({
      status: 200,
    });
    expect((await history('gone')).slice(0, 2)).toMatchObject([
      { tag: 'v1', from: first, to: undefined, actor: 'alice' },
      { tag: 'top', to: undefined, actor: 'alice' },
    ]);
    for (const status of [202, 200]) {
      const answer = await call(server, 'delete', '/v1/repositories/alice/gone/', { authorization: basic('alice') });
      expect(answer.status).toBe(status);
    }
    await twoImages('gone', 'v2');
    expect((await history('gone')).map(({ tag }) => tag)).toEqual(['v2', 'top']);
  });

  it('can be read by anyone who may read the repository', async () => {
    await twoImages('readable', 'v1');
    const list = (actor: Actor) => listTagHistory(server.ctx, actor, nameOf('readable'), { limit: 1 });
    expect(await list(ANYBODY)).toHaveLength(1);
    await makePrivate(server, 'alice/readable', 'alice');
    await expect(list(ANYBODY)).rejects.toMatchObject({ code: 'not_found' });
    await expect(list(bob)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('does not have a move that did not happen', async () => {
    await twoImages('failed', 'v1');
    const before = await history('failed');
    await expect(put('failed', 'v1', '0'.repeat(64))).rejects.toMatchObject({ code: 'not_found' });
    expect(await history('failed')).toEqual(before);
  });

  it('is an unbroken chain of images when many users move one tag at once', async () => {
    const [first, second] = await twoImages('race', 'v1');
    await Promise.all(Array.from({ length: 20 }, (_, turn) => put('race', 'v1', turn % 2 === 0 ? second : first)));
    const events = (await history('race', { tag: 'v1' })).reverse();
    expect(events[0]).toMatchObject({ from: undefined, to: first });
    for (const [index, event] of events.slice(1).entries()) expect(event.from).toBe(events[index]!.to);
    const { imageId } = await getTag(server.ctx, alice, nameOf('race'), 'v1');
    expect(events.at(-1)!.to).toBe(imageId);
  });
});

describe('restoring a tag', () => {
  const restore = (name: string, eventId: number, side: 'before' | 'after', actor = alice) =>
    restoreTag(server.ctx, actor, nameOf(name), { eventId, side, engine: {} });
  const tagged = async (name: string, tag: string) => (await getTag(server.ctx, alice, nameOf(name), tag)).imageId;

  it('sets it to its image before or after an event, also when it was deleted', async () => {
    const [first, second] = await twoImages('back', 'v1');
    await put('back', 'v1', second);
    const [moved] = await history('back');
    expect(await restore('back', moved!.id, 'before')).toEqual({ tag: 'v1', pointsTo: first });
    expect(await tagged('back', 'v1')).toBe(first);
    await deleteTag(server.ctx, alice, nameOf('back'), 'v1');
    expect(await restore('back', moved!.id, 'after')).toEqual({ tag: 'v1', pointsTo: second });
    expect(await tagged('back', 'v1')).toBe(second);
    expect((await history('back'))[0]).toMatchObject({ tag: 'v1', from: undefined, to: second, actor: 'alice' });
  });

  it('is refused if there was no tag, and for an event of another repository', async () => {
    await twoImages('none', 'v1');
    const [set] = await history('none');
    await expect(restore('none', set!.id, 'before')).rejects.toMatchObject({
      code: 'conflict',
      message: 'The tag v1 did not exist before this event',
    });
    await twoImages('other', 'v1');
    await expect(restore('other', set!.id, 'after')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is refused by the rules of a PUT: the right to push, a complete image, no immutable tag', async () => {
    const [, second] = await twoImages('rules', 'v1');
    await put('rules', 'v1', second);
    const [moved] = await history('rules');
    await expect(restore('rules', moved!.id, 'before', bob)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(restore('rules', moved!.id, 'before', ANYBODY)).rejects.toMatchObject({ code: 'unauthenticated' });
    await setImmutableTags(server.ctx, alice, nameOf('rules'), ['v*']);
    await expect(restore('rules', moved!.id, 'before')).rejects.toMatchObject({ code: 'conflict' });
    expect(await tagged('rules', 'v1')).toBe(second);
    await setImmutableTags(server.ctx, alice, nameOf('rules'), []);

    const lost = createImage();
    await uploadImage(server, await startPush(server, 'alice/rules', [lost]), lost);
    await put('rules', 'v2', lost.id);
    await deleteTag(server.ctx, alice, nameOf('rules'), 'v2');
    const [deleted] = await history('rules');
    await server.ctx.db('repository_images').where({ image_id: lost.id }).delete();
    await expect(restore('rules', deleted!.id, 'before')).rejects.toMatchObject({
      code: 'not_found',
      message: 'Image not found',
    });
  });
});

describe('the patterns of immutable tags', () => {
  const set = (patterns: string[], actor = alice) => setImmutableTags(server.ctx, actor, nameOf('patterns'), patterns);
  beforeAll(() => twoImages('patterns', 'v1'));

  it('are set by administrators of the repository', async () => {
    await expect(set(['*'], bob)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(set(['*'], ANYBODY)).rejects.toMatchObject({ code: 'unauthenticated' });
    const token: Actor = {
      ...(alice as Extract<Actor, { kind: 'user' }>),
      kind: 'token',
      repository: nameOf('patterns'),
      access: 'write',
      nonce: 'x',
    };
    await expect(set(['*'], token)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('are recorded when they change, once each', async () => {
    for (const patterns of [['v*', 'v*', '1.?'], ['v*', '1.?'], []]) await set(patterns);
    const events = await listEvents(server.ctx, { action: 'repository.immutable_tags_changed', limit: 10 });
    const ours = events.filter(({ subject }) => subject === 'alice/patterns');
    expect(ours.map(({ details }) => details['to'])).toEqual(['', 'v* 1.?']);
  });

  it.each([[['a b']], [['']], [['v*', '/']], [Array.from({ length: 21 }, (_, index) => `v${index}`)]])(
    'cannot be %j',
    async (patterns) => {
      await expect(set(patterns)).rejects.toMatchObject({ code: 'invalid' });
    },
  );
});
