import { randomUUID } from 'node:crypto';
import type { Context } from '../../../src/context';
import type { Actor } from '../../../src/features/access/actor';
import type { Visibility } from '../../../src/features/access/policy';
import { repositoriesOf, repositoriesSharedWith, type CardPage } from '../../../src/features/search/cards';
import { explore, searchCards, type CardsWanted } from '../../../src/features/search/explore';
import { saveActivity } from '../../../src/features/statistics/counting';
import { addPerson } from '../../helpers/people';
import { asking } from '../../helpers/actors';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';
import { addCollaborator, removeCollaborator } from '../../helpers/by-name';

const ANYBODY: Actor = { kind: 'anonymous', address: '::1' };
const ALL = { limit: 100, offset: 0 };

interface Facts {
  readonly stars?: number;
  readonly pulls?: number;
  readonly visibility?: Visibility;
  readonly state?: 'initialized' | 'active';
  readonly description?: string;
}

let database: TestDatabase;
let ctx: Context;
let alice: Actor;
let robert: Actor;
let minute = 0;

/** Adds a repository that is a minute younger than the one before, and was changed a minute earlier. */
async function add(fullName: string, facts: Facts = {}): Promise<void> {
  const [namespace, name] = fullName.split('/');
  minute += 1;
  const [row] = await database
    .db('repositories')
    .insert({
      namespace,
      name,
      state: facts.state ?? 'active',
      visibility: facts.visibility ?? 'public',
      star_count: facts.stars ?? 0,
      description: facts.description ?? '',
      created_at: new Date(Date.UTC(2016, 0, 1, 0, minute)),
      updated_at: new Date(Date.UTC(2016, 5, 1, 0, -minute)),
    })
    .returning('id');
  if (facts.pulls === undefined) return;
  const counts = [{ subject: (row as { id: number }).id, label: '', times: { pull: facts.pulls } }];
  await saveActivity(ctx, { source: randomUUID(), number: 1, day: '2016-01-31', counts });
}

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
  alice = await addPerson(ctx, 'alice');
  robert = await addPerson(ctx, 'robert');
  await add('alice/web', { stars: 3, pulls: 10, description: 'tool of alice' });
  await add('alice/hidden', { stars: 9, pulls: 90, visibility: 'private', description: 'secret tool' });
  await add('alice/byname', { visibility: 'unlisted', description: 'tool' });
  await add('alice/empty', { state: 'initialized' });
  await add('library/redis', { stars: 1, pulls: 2, description: 'a tool' });
  await add('library/nginx', { stars: 2, pulls: 1 });
  await add('robert/tool', { stars: 5, pulls: 4_000_000_000 });
});
afterAll(() => database.drop());

const namesOf = ({ repositories }: CardPage) => repositories.map(({ namespace, name }) => `${namespace}/${name}`);

describe('the repositories of a namespace', () => {
  const of = (actor: Actor, part: { text?: string; limit?: number; offset?: number } = {}) =>
    repositoriesOf(ctx, actor, 'alice', { ...ALL, ...part });

  it('are those that the caller may find in a list, last changed first', async () => {
    expect(namesOf(await of(ANYBODY))).toEqual(['alice/web']);
    expect(namesOf(await of(robert))).toEqual(['alice/web']);
    expect(namesOf(await of(alice))).toEqual(['alice/web', 'alice/hidden', 'alice/byname', 'alice/empty']);
  });

  it('have stars, pulls and their visibility', async () => {
    const { total, repositories } = await of(alice, { text: 'HID' });
    expect([total, repositories]).toEqual([
      1,
      [
        {
          namespace: 'alice',
          name: 'hidden',
          description: 'secret tool',
          visibility: 'private',
          state: 'active',
          isOfficial: false,
          isAutomated: false,
          starCount: 9,
          pullCount: 90,
          createdAt: new Date('2016-01-01T00:02:00Z'),
          updatedAt: new Date('2016-05-31T23:58:00Z'),
        },
      ],
    ]);
    expect((await of(alice, { text: 'empty' })).repositories).toMatchObject([{ pullCount: 0 }]);
    await expect(of(alice, { text: '\0' })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('come in pages; a namespace that does not exist is not found', async () => {
    const page = await of(alice, { limit: 2, offset: 1 });
    expect([page.total, ...namesOf(page)]).toEqual([4, 'alice/hidden', 'alice/byname']);
    await expect(repositoriesOf(ctx, alice, 'nobody', ALL)).rejects.toMatchObject({ code: 'not_found' });
  });
});

it('those that a user collaborates on are in namespaces of others', async () => {
  const hidden = { namespace: 'alice', name: 'hidden' };
  await addCollaborator(ctx, alice, hidden, 'robert');
  const shared = await repositoriesSharedWith(ctx, robert, ALL);
  expect([shared.total, ...namesOf(shared)]).toEqual([1, 'alice/hidden']);
  expect((await repositoriesSharedWith(ctx, alice, ALL)).total).toBe(0);
  await removeCollaborator(ctx, alice, hidden, 'robert');
  expect((await repositoriesSharedWith(ctx, robert, ALL)).total).toBe(0);
  await expect(repositoriesSharedWith(ctx, ANYBODY, ALL)).rejects.toMatchObject({ code: 'unauthenticated' });
});

describe('exploring', () => {
  it.each([
    ['pulls', ['library/redis', 'library/nginx', 'robert/tool', 'alice/web']],
    ['stars', ['library/nginx', 'library/redis', 'robert/tool', 'alice/web']],
    ['newest', ['library/nginx', 'library/redis', 'robert/tool', 'alice/web']],
  ] as const)('shows public repositories that were pushed to, official ones first, by %s', async (sort, names) => {
    const all = await explore(ctx, { sort, ...ALL });
    expect([all.total, ...namesOf(all)]).toEqual([4, ...names]);
    const page = await explore(ctx, { sort, limit: 2, offset: 1 });
    expect([page.total, ...namesOf(page)]).toEqual([4, ...names.slice(1, 3)]);
    expect(all.repositories.find(({ name }) => name === 'tool')?.pullCount).toBe(4_000_000_000);
  });
});

describe('searching for people', () => {
  const find = async (actor: Actor, term: string, wanted: Partial<CardsWanted> = {}) =>
    searchCards(ctx, asking(actor), { term, sort: 'best', page: 1, pageSize: 100, ...wanted });

  it.each([
    ['best', ['robert/tool', 'alice/web', 'library/redis']],
    ['stars', ['library/redis', 'robert/tool', 'alice/web']],
    ['pulls', ['library/redis', 'robert/tool', 'alice/web']],
    ['updated', ['library/redis', 'alice/web', 'robert/tool']],
  ] as const)('finds the repositories that the caller may find, the %s first', async (sort, names) => {
    const found = await find(ANYBODY, 'Tool', { sort });
    expect([found.total, ...namesOf(found)]).toEqual([3, ...names]);
    const page = await find(ANYBODY, 'tool', { sort, page: 2, pageSize: 1 });
    expect([page.total, ...namesOf(page)]).toEqual([3, names[1]]);
  });

  it('finds private ones for users who may read them, with their pulls', async () => {
    for (const sort of ['best', 'stars', 'pulls', 'updated'] as const) {
      expect((await find(alice, 'secret', { sort })).repositories).toMatchObject([{ name: 'hidden', pullCount: 90 }]);
      expect((await find(robert, 'secret', { sort })).total).toBe(0);
      expect((await find(ANYBODY, 'secret', { sort })).total).toBe(0);
    }
  });

  it('a page after the last is empty, and has the total number', async () => {
    expect(await find(ANYBODY, 'tool', { sort: 'pulls', page: 9 })).toEqual({ total: 3, repositories: [] });
    expect((await find(ANYBODY, '', { sort: 'stars' })).total).toBe(4);
  });

  it('is refused to an account that has ended in the meantime', async () => {
    const carol = await addPerson(ctx, 'carol');
    await database.db('users').where({ username: 'carol' }).update({ is_active: false });
    for (const sort of ['best', 'pulls'] as const) {
      await expect(find(carol, 'tool', { sort })).rejects.toMatchObject({ code: 'inactive' });
    }
  });
});
