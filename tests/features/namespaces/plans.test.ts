import type { Context } from '../../../src/context';
import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { deletePlan, getPrivateSlots, listPlans, setPlan } from '../../../src/features/namespaces/plans';
import { updateNamespace } from '../../../src/features/namespaces/settings';
import { createRepository } from '../../../src/features/repositories/creation';
import { addPerson } from '../../helpers/people';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';
import { moveRepository, setVisibility } from '../../helpers/by-name';

const FULL = { code: 'forbidden', message: 'The plan free of alice allows 1 private repository; 1 is in use' };

let database: TestDatabase;
let ctx: Context;
let alice: Actor;
let robert: Actor;
beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.db);
  alice = await addPerson(ctx, 'alice');
  robert = await addPerson(ctx, 'robert', { isAdmin: true });
});
afterEach(() => database.drop());

const app = (name: string, namespace = 'alice') => ({ namespace, name });

it('begin with those of the Hub', async () => {
  expect((await listPlans(ctx)).map(({ name, privateRepositories }) => [name, privateRepositories])).toEqual([
    ['free', 1],
    ['micro', 5],
    ['small', 10],
    ['medium', 20],
    ['large', 50],
    ['xlarge', 100],
    ['unlimited', undefined],
  ]);
});

it('limit what is created and made private, and nothing else', async () => {
  await createRepository(ctx, alice, app('first'), 'private');
  await expect(createRepository(ctx, alice, app('second'), 'private')).rejects.toMatchObject(FULL);
  await createRepository(ctx, alice, app('second'), 'public');
  const hide = setVisibility(ctx, alice, app('second'), 'private');
  await expect(hide).rejects.toMatchObject(FULL);
  await setVisibility(ctx, alice, app('second'), 'unlisted');
  // A private repository stays private, and may be set to private again.
  await setVisibility(ctx, alice, app('first'), 'private');
  expect(await getPrivateSlots(ctx, 'alice')).toEqual({ plan: 'free', used: 1, limit: 1 });
  await setVisibility(ctx, alice, app('first'), 'public');
  await setVisibility(ctx, alice, app('second'), 'private');
});

it('limit what is transferred', async () => {
  await createRepository(ctx, alice, app('mine'), 'private');
  await createRepository(ctx, robert, app('his', 'robert'), 'private');
  await expect(moveRepository(ctx, robert, app('his', 'robert'), app('his'))).rejects.toMatchObject(FULL);
  expect(await database.db('repositories').orderBy('name').select('namespace', 'name')).toEqual([
    { namespace: 'robert', name: 'his' },
    { namespace: 'alice', name: 'mine' },
  ]);
  await updateNamespace(ctx, OPERATOR_ACTOR, 'alice', { plan: 'micro' });
  await moveRepository(ctx, robert, app('his', 'robert'), app('his'));
  expect(await getPrivateSlots(ctx, 'alice')).toEqual({ plan: 'micro', used: 2, limit: 5 });
});

it('let one of many win the last slot (R11)', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `app${index}`);
  for (const name of names.slice(0, 4)) await createRepository(ctx, alice, app(name), 'public');
  const results = await Promise.allSettled([
    ...names.slice(0, 4).map((name) => setVisibility(ctx, alice, app(name), 'private')),
    ...names.slice(4).map((name) => createRepository(ctx, alice, app(name), 'private')),
  ]);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject(FULL);
  expect(await getPrivateSlots(ctx, 'alice')).toMatchObject({ used: 1 });
});

it('take nothing away when they shrink', async () => {
  await updateNamespace(ctx, OPERATOR_ACTOR, 'alice', { plan: 'micro' });
  for (const name of ['first', 'second', 'third']) await createRepository(ctx, alice, app(name), 'private');
  await updateNamespace(ctx, OPERATOR_ACTOR, 'alice', { plan: 'free' });
  expect(await getPrivateSlots(ctx, 'alice')).toEqual({ plan: 'free', used: 3, limit: 1 });
  await expect(createRepository(ctx, alice, app('fourth'), 'private')).rejects.toMatchObject({ code: 'forbidden' });
});

it('can be changed by the operator', async () => {
  await setPlan(ctx, OPERATOR_ACTOR, { name: 'tiny', privateRepositories: 0, storedBytes: undefined, position: 0 });
  await updateNamespace(ctx, OPERATOR_ACTOR, 'alice', { plan: 'tiny' });
  await expect(createRepository(ctx, alice, app('first'), 'private')).rejects.toMatchObject({
    message: 'The plan tiny of alice allows 0 private repositories; 0 are in use',
  });
  await setPlan(ctx, OPERATOR_ACTOR, {
    name: 'tiny',
    privateRepositories: undefined,
    storedBytes: undefined,
    position: 0,
  });
  await createRepository(ctx, alice, app('first'), 'private');
  await expect(deletePlan(ctx, OPERATOR_ACTOR, 'tiny')).rejects.toMatchObject({ code: 'conflict' });
  await updateNamespace(ctx, OPERATOR_ACTOR, 'alice', { plan: 'free' });
  await deletePlan(ctx, OPERATOR_ACTOR, 'tiny');
  await expect(updateNamespace(ctx, OPERATOR_ACTOR, 'alice', { plan: 'tiny' })).rejects.toMatchObject({
    message: 'No such plan: tiny',
  });
  await expect(updateNamespace(ctx, OPERATOR_ACTOR, 'nobody', { plan: 'free' })).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(updateNamespace(ctx, OPERATOR_ACTOR, 'library', { plan: 'free' })).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(
    setPlan(ctx, OPERATOR_ACTOR, { name: 'Bad', privateRepositories: 1, storedBytes: undefined, position: 0 }),
  ).rejects.toMatchObject({
    code: 'invalid',
  });
});
