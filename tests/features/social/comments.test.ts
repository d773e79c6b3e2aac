import { OPERATOR_ACTOR, type Actor, type RepositoryName } from '../../../src/features/access/actor';
import { deleteUserAccount } from '../../../src/features/namespaces/account-deletion';
import { listEvents } from '../../../src/features/audit/audit';
import { listAllFlaggedComments } from '../../../src/features/social/comment-flags';
import { actorOf, ANYBODY } from '../../helpers/actors';
import { startPush } from '../../helpers/images';
import { makePrivate } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import {
  addComment,
  deleteComment,
  dismissFlags,
  flagComment,
  getRepositoryDetails,
  listComments,
  listFlaggedComments,
} from '../../helpers/by-name';

const nameOf = (name: string): RepositoryName => ({ namespace: 'alice', name });
const APP = nameOf('app');

let server: TestServer;
let alice: Actor;
let bob: Actor;
let carol: Actor;
let root: Actor;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby', 'carol']) await addUser(server, name);
  await addUser(server, 'root', { isAdmin: true });
  [alice, bob, carol, root] = (await Promise.all(
    ['alice', 'bobby', 'carol', 'root'].map((name) => actorOf(server, name)),
  )) as [Actor, Actor, Actor, Actor];
  for (const name of ['app', 'secret', 'other']) await startPush(server, `alice/${name}`, []);
  await makePrivate(server, 'alice/secret', 'alice');
});
afterAll(() => server.close());
beforeEach(() => server.ctx.db('comments').delete());

const add = (actor: Actor, text: string, name = APP) => addComment(server.ctx, actor, name, text);
const list = (actor: Actor = ANYBODY, name = APP) => listComments(server.ctx, actor, name, { limit: 100 });

describe('comments', () => {
  it('are listed page by page, the latest first', async () => {
    for (const text of ['one', '**two**', 'three']) await add(bob, text);
    const [latest, ...older] = await listComments(server.ctx, ANYBODY, APP, { limit: 1 });
    expect(older).toEqual([]);
    expect(latest).toMatchObject({ author: 'bobby', text: 'three' });
    const rest = await listComments(server.ctx, ANYBODY, APP, { limit: 10, before: latest!.id });
    expect(rest.map(({ text }) => text)).toEqual(['**two**', 'one']);
    expect(await getRepositoryDetails(server.ctx, ANYBODY, APP)).toMatchObject({ commentCount: 3 });
  });

  it('can be written by accounts that may read, and read by all readers', async () => {
    await expect(add(ANYBODY, 'hello')).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(add(bob, 'hello', nameOf('secret'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(list(bob, nameOf('secret'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(list(ANYBODY, nameOf('secret'))).rejects.toMatchObject({ code: 'not_found' });
    await add(alice, 'hello', nameOf('secret'));
    expect(await list(alice, nameOf('secret'))).toHaveLength(1);
  });

  it.each([
    ['nothing', ''],
    ['blanks', ' \n\t'],
    ['4097 characters', 'x'.repeat(4097)],
    ['a NUL', 'a\0b'],
    ['an escape', 'a\u001b[2J'],
    ['half a character', 'a\ud83d'],
  ])('cannot be %s', async (_, text) => {
    await expect(add(bob, text)).rejects.toMatchObject({ code: 'invalid' });
  });

  it.each([
    ['4096 characters', 'x'.repeat(4096)],
    ['4096 characters of four bytes', '🐳'.repeat(4096)],
    ['Markdown', '# Title\r\n\r\n- a\n\t- b <script>alert(1)</script>'],
  ])('can be %s, and are kept as they are', async (_, text) => {
    await add(bob, text);
    expect((await list())[0]?.text).toBe(text);
  });

  it('are deleted by their author, by administrators of the repository and by site administrators', async () => {
    const remove = (actor: Actor, id: number, name = APP) => deleteComment(server.ctx, actor, name, id);
    for (const actor of [bob, alice, root]) {
      const { id } = await add(bob, 'hello');
      await expect(remove(carol, id)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(remove(ANYBODY, id)).rejects.toMatchObject({ code: 'unauthenticated' });
      await expect(remove(bob, id, nameOf('other'))).rejects.toMatchObject({ code: 'not_found' });
      expect(await list()).toHaveLength(1);
      await remove(actor, id);
      await expect(remove(actor, id)).rejects.toMatchObject({ code: 'not_found' });
      expect(await list()).toEqual([]);
    }
    const [event] = await listEvents(server.ctx, { action: 'comment.deleted', limit: 1 });
    expect(event).toMatchObject({ actor: 'root', subject: 'alice/app', details: { author: 'bobby' } });
  });

  it('are limited to sixty an hour for an account', async () => {
    for (let turn = 0; turn < 60; turn += 1) await add(carol, `comment ${turn}`);
    await expect(add(carol, 'one more')).rejects.toMatchObject({ code: 'busy', retryAfterSeconds: 600 });
    await add(bob, 'somebody else');
    await server.ctx
      .db('comments')
      .where({ text: 'comment 0' })
      .update({ created_at: new Date(Date.now() - 3.7e6) });
    await add(carol, 'one more');
  });

  it('are deleted with their author', async () => {
    await addUser(server, 'david');
    await add(await actorOf(server, 'david'), 'goodbye');
    await deleteUserAccount(server.ctx, OPERATOR_ACTOR, 'david');
    expect(await list()).toEqual([]);
  });
});

describe('flags', () => {
  const flag = (actor: Actor, id: number, name = APP) => flagComment(server.ctx, actor, name, id);
  const flagged = (actor: Actor, name = APP) => listFlaggedComments(server.ctx, actor, name, { limit: 10 });

  it('count once for each account, even at the same moment, and are listed for administrators', async () => {
    const { id } = await add(bob, 'spam');
    await add(bob, 'fine');
    const { id: other } = await add(bob, 'spam', nameOf('other'));
    await Promise.all([carol, carol, carol, alice].map((actor) => flag(actor, id)));
    await flag(carol, other, nameOf('other'));
    const ofApp = { id, author: 'bobby', text: 'spam', repository: APP, flags: 2 };
    const ofOther = { ...ofApp, id: other, repository: nameOf('other'), flags: 1 };
    expect(await flagged(alice)).toMatchObject([ofApp]);
    expect(await listAllFlaggedComments(server.ctx, root, { limit: 10 })).toMatchObject([ofOther, ofApp]);
    expect(await listAllFlaggedComments(server.ctx, root, { limit: 10, before: other })).toMatchObject([ofApp]);
    await expect(flagged(bob)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(flagged(ANYBODY)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(listAllFlaggedComments(server.ctx, alice, { limit: 10 })).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('can be set by accounts that may read', async () => {
    const { id } = await add(alice, 'hello', nameOf('secret'));
    await expect(flag(bob, id, nameOf('secret'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(flag(bob, id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(flag(ANYBODY, id)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('are dismissed by administrators, and deleted with the comment', async () => {
    const { id } = await add(bob, 'fine');
    await flag(carol, id);
    await expect(dismissFlags(server.ctx, carol, APP, id)).rejects.toMatchObject({ code: 'forbidden' });
    await dismissFlags(server.ctx, alice, APP, id);
    expect(await flagged(alice)).toEqual([]);
    await flag(carol, id);
    await deleteComment(server.ctx, bob, APP, id);
    expect(await flagged(alice)).toEqual([]);
    await expect(dismissFlags(server.ctx, alice, APP, id)).rejects.toMatchObject({ code: 'not_found' });
  });
});
