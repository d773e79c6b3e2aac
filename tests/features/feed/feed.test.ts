import { listFeed, type FeedEntry } from '../../../src/features/feed/feed';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { actorOf, ANYBODY } from '../../helpers/actors';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
const ids = new Map<string, number>();
const users = new Map<string, number>();

/** Minutes after the start of a day, in which all events happen. */
const at = (minutes: number): Date => new Date(Date.UTC(2026, 0, 1, 0, minutes));

async function addRepository(fullName: string, minutes: number, visibility = 'public'): Promise<void> {
  const [namespace, name] = fullName.split('/');
  const row = { namespace, name, state: 'active', visibility, created_at: at(minutes), updated_at: at(minutes) };
  const [made] = await server.database.db('repositories').insert(row).returning('id');
  ids.set(fullName, (made as { id: number }).id);
}

async function addTag(
  fullName: string,
  minutes: number,
  tag: string,
  actor: string | null,
  how = 'new',
): Promise<void> {
  const from = how === 'new' ? null : 'aa';
  const to = how === 'deleted' ? null : 'bb';
  const row = { repository_id: ids.get(fullName), tag, actor_name: actor, at: at(minutes) };
  await server.database.db('tag_events').insert({ ...row, from_image_id: from, to_image_id: to });
}

async function addStar(fullName: string, minutes: number, username: string): Promise<void> {
  const row = { repository_id: ids.get(fullName), user_id: users.get(username), starred_at: at(minutes) };
  await server.database.db('stars').insert(row);
}

const said = ({ kind, repository: { namespace, name }, actors, tags, comment }: FeedEntry): string =>
  [
    actors.join('+'),
    kind,
    `${namespace}/${name}`,
    ...tags.map((tag) => (tag.isNew ? `${tag.name}*` : tag.name)),
    ...(comment === undefined ? [] : [comment.text]),
  ].join(' ');

const feedOf = async (username: string, before?: string): Promise<string[]> =>
  (await listFeed(server.ctx, await actorOf(server, username), before)).entries.map(said);

beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby', 'carol', 'dave']) {
    await addUser(server, name);
    const row = await server.database.db('users').where({ username: name }).first('id');
    users.set(name, Number(row.id));
  }
  await createOrganization(server.ctx, OPERATOR_ACTOR, 'acme', { owner: 'carol' });
  await addRepository('alice/shop', 1);
  await addRepository('alice/diary', 2, 'private');
  await addRepository('acme/site', 3, 'private');
  await addTag('alice/shop', 10, '1.0', 'alice');
  await addTag('alice/shop', 11, '1.1', 'alice');
  await addTag('alice/shop', 12, 'latest', 'alice');
  await addTag('alice/shop', 13, 'latest', 'alice', 'moved');
  await addTag('alice/shop', 14, '1.0', 'bobby', 'deleted');
  await addTag('alice/diary', 20, 'today', null);
  await addTag('acme/site', 30, '7', 'acme+deploy');
  await addTag('alice/shop', 300, '2.0', 'alice');
  await addStar('alice/shop', 310, 'bobby');
  await addStar('alice/shop', 311, 'dave');
  const comment = { repository_id: ids.get('alice/shop'), author_id: users.get('dave'), created_at: at(320) };
  await server.database.db('comments').insert({ ...comment, text: 'Works on 0.9' });
});
afterAll(() => server.close());

const SHOP = [
  'dave commented alice/shop Works on 0.9',
  'dave+bobby starred alice/shop',
  'alice pushed alice/shop 2.0*',
  'bobby deleted alice/shop 1.0',
  'alice pushed alice/shop latest* 1.1* 1.0*',
];

describe('the feed', () => {
  it('has what happened in the repositories of the account, in entries that belong together, the newest first', async () => {
    expect(await feedOf('alice')).toEqual([
      ...SHOP.slice(0, 3),
      ' pushed alice/diary today*',
      ...SHOP.slice(3),
      ' created alice/diary',
      ' created alice/shop',
    ]);
  });

  it('has the repositories of organizations for their owners, and starred ones', async () => {
    expect(await feedOf('carol')).toEqual(['acme+deploy pushed acme/site 7*', ' created acme/site']);
    expect(await feedOf('bobby')).toEqual([...SHOP, ' created alice/shop']);
  });

  it('never has a repository that the account may not read', async () => {
    await addStar('alice/diary', 330, 'dave');
    await addStar('acme/site', 331, 'dave');
    await addStar('alice/diary', 332, 'bobby');
    await server.database
      .db('collaborators')
      .insert({ repository_id: ids.get('alice/diary'), user_id: users.get('bobby') });
    expect((await feedOf('dave')).join()).not.toMatch(/diary|site/);
    expect((await feedOf('bobby')).join()).toContain('diary');
    const member = { namespace: 'acme', name: 'guests' };
    const [team] = await server.database.db('teams').insert(member).returning('id');
    await server.database.db('team_members').insert({ team_id: team.id, user_id: users.get('dave') });
    expect((await feedOf('dave')).join()).not.toContain('site');
    const access = { team_id: team.id, repository_id: ids.get('acme/site'), access: 'read' };
    await server.database.db('team_repositories').insert(access);
    expect((await feedOf('dave')).join()).toContain('acme+deploy pushed acme/site 7*');
    await server.database
      .db('repositories')
      .where({ id: ids.get('alice/diary') })
      .update({ visibility: 'unlisted' });
    expect((await feedOf('dave')).join()).toContain('diary'); // it was starred, and its name is enough to read it
  });

  it('has pages that neither repeat nor miss an event', async () => {
    const db = server.database.db;
    await db.raw(
      `insert into tag_events (repository_id, tag, actor_name, to_image_id, at)
       select ?, 'n' || i, 'user' || i, 'bb', timestamptz '2026-02-01' + (i / 2) * interval '1 microsecond'
       from generate_series(1, 150) i`,
      [ids.get('acme/site') ?? 0],
    );
    const carol = await actorOf(server, 'carol');
    const seen: string[] = [];
    let before: string | undefined;
    let pages = 0;
    do {
      const { entries, next } = await listFeed(server.ctx, carol, before);
      seen.push(...entries.map(said));
      before = next;
      pages += 1;
    } while (before !== undefined);
    expect(pages).toBe(3);
    const numbered = Array.from({ length: 150 }, (_, index) => 150 - index);
    expect(seen.slice(0, 150)).toEqual(numbered.map((i) => `user${i} pushed acme/site n${i}*`));
    expect(seen.slice(150)).toEqual([
      'dave starred acme/site',
      'acme+deploy pushed acme/site 7*',
      ' created acme/site',
    ]);
  });

  it('takes any other position as the first page, and needs an account', async () => {
    for (const before of ['x', '0-tag-x', '1-push-1', '99999999999999999999-tag-1']) {
      expect((await feedOf('bobby', before))[0]).toBeDefined();
    }
    await expect(listFeed(server.ctx, ANYBODY)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
