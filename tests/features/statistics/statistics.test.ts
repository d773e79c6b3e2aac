import { randomUUID } from 'node:crypto';
import type { Actor, RepositoryName } from '../../../src/features/access/actor';
import { saveActivity } from '../../../src/features/statistics/counting';
import { reportAllEngines } from '../../../src/features/statistics/statistics';
import { actorOf, ANYBODY } from '../../helpers/actors';
import { createChain, pushImages } from '../../helpers/images';
import { makePrivate } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { getActivityTotals, listDailyActivity, listLastDays, reportEngines } from '../../helpers/by-name';

const APP: RepositoryName = { namespace: 'alice', name: 'app' };
const DAY_MS = 86_400_000;

let server: TestServer;
let alice: Actor;
let bob: Actor;
let root: Actor;
let ids: Record<string, number>;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  await addUser(server, 'root', { isAdmin: true });
  [alice, bob, root] = (await Promise.all(['alice', 'bobby', 'root'].map((name) => actorOf(server, name)))) as [
    Actor,
    Actor,
    Actor,
  ];
  for (const name of ['app', 'secret']) await pushImages(server, `alice/${name}`, createChain(1));
  await makePrivate(server, 'alice/secret', 'alice');
  await server.ctx.activity.flush();
  await server.ctx.db('repository_activity').delete();
  const rows: { id: number; name: string }[] = await server.ctx.db('repositories').select('id', 'name');
  ids = Object.fromEntries(rows.map(({ id, name }) => [name, id]));
});
afterAll(() => server.close());
beforeEach(() => server.ctx.db('repository_activity').delete());

const dayBefore = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
const save = (repository: string, day: string, engine: string, times: { pull?: number; push?: number }) =>
  saveActivity(server.ctx, {
    source: randomUUID(),
    number: 1,
    day,
    counts: [{ subject: ids[repository]!, label: engine === '' ? '' : `docker/${engine} kernel/3.13`, times }],
  });

it('totals are the sums of all days', async () => {
  expect(await getActivityTotals(server.ctx, ANYBODY, APP)).toEqual({ pulls: 0, pushes: 0 });
  await save('app', '2014-06-09', '1.0.0', { pull: 3_000_000_000, push: 1 });
  await save('app', '2016-02-29', '', { pull: 4 });
  await save('secret', '2016-02-29', '', { pull: 5 });
  expect(await getActivityTotals(server.ctx, ANYBODY, APP)).toEqual({ pulls: 3_000_000_004, pushes: 1 });
});

it('days without any activity have zeros', async () => {
  await save('app', '2016-02-28', '1.0.0', { pull: 1 });
  await save('app', '2016-02-28', '1.5.0', { pull: 1, push: 2 });
  await save('app', '2016-03-01', '1.5.0', { pull: 7 });
  await save('app', '2016-03-02', '1.5.0', { pull: 7 });
  expect(await listDailyActivity(server.ctx, ANYBODY, APP, { from: '2016-02-28', to: '2016-03-01' })).toEqual([
    { day: '2016-02-28', pulls: 2, pushes: 2 },
    { day: '2016-02-29', pulls: 0, pushes: 0 },
    { day: '2016-03-01', pulls: 7, pushes: 0 },
  ]);
});

it.each([
  ['2016-03-02', '2016-03-01'],
  ['2016-02-30', '2016-03-01'],
  ['2016-03-01', 'today'],
  ['2016-3-1', '2016-03-02'],
  ['2015-01-01', '2016-01-02'],
])('%s to %s is not a range', async (from, to) => {
  await expect(listDailyActivity(server.ctx, ANYBODY, APP, { from, to })).rejects.toMatchObject({ code: 'invalid' });
});

it('engines of the last days are reported to administrators, those with most pulls first', async () => {
  await save('app', dayBefore(0), '1.5.0', { pull: 1 });
  await save('app', dayBefore(6), '0.9.1', { pull: 3, push: 1 });
  await save('app', dayBefore(7), '0.6.7', { pull: 9 });
  await save('secret', dayBefore(0), '1.5.0', { pull: 9 });
  const old = { engine: '0.9.1', kernel: '3.13', pulls: 3, pushes: 1, lastSeen: dayBefore(6) };
  const recent = { engine: '1.5.0', kernel: '3.13', pulls: 1, pushes: 0, lastSeen: dayBefore(0) };
  expect(await reportEngines(server.ctx, alice, APP, 7)).toEqual([old, recent]);
  expect(await reportEngines(server.ctx, root, APP, 1)).toEqual([recent]);
  expect(await reportAllEngines(server.ctx, root, 7)).toEqual([{ ...recent, pulls: 10 }, old]);
  await expect(reportEngines(server.ctx, bob, APP, 7)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(reportEngines(server.ctx, alice, APP, 0)).rejects.toMatchObject({ code: 'invalid' });
  await expect(reportAllEngines(server.ctx, alice, 7)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(reportAllEngines(server.ctx, ANYBODY, 7)).rejects.toMatchObject({ code: 'unauthenticated' });
});

it('an engine was last seen on its last day', async () => {
  for (const days of [5, 2, 3]) await save('app', dayBefore(days), '1.0.0', { pull: 1 });
  expect(await reportEngines(server.ctx, alice, APP, 7)).toMatchObject([{ pulls: 3, lastSeen: dayBefore(2) }]);
});

it('the last days end with today, and have zeros', async () => {
  await save('app', dayBefore(0), '1.0.0', { pull: 2 });
  await save('app', dayBefore(2), '1.0.0', { pull: 1 });
  await save('app', dayBefore(3), '1.0.0', { pull: 9 });
  expect(await listLastDays(server.ctx, ANYBODY, APP, 3)).toEqual([
    { day: dayBefore(2), pulls: 1, pushes: 0 },
    { day: dayBefore(1), pulls: 0, pushes: 0 },
    { day: dayBefore(0), pulls: 2, pushes: 0 },
  ]);
  expect(await listLastDays(server.ctx, ANYBODY, APP, 90)).toHaveLength(90);
  await expect(listLastDays(server.ctx, ANYBODY, APP, 367)).rejects.toMatchObject({ code: 'invalid' });
});

it('a private repository has no statistics for other users', async () => {
  const secret = { namespace: 'alice', name: 'secret' };
  const range = { from: '2016-02-28', to: '2016-03-01' };
  await expect(getActivityTotals(server.ctx, bob, secret)).rejects.toMatchObject({ code: 'not_found' });
  await expect(listDailyActivity(server.ctx, bob, secret, range)).rejects.toMatchObject({ code: 'not_found' });
  await expect(listLastDays(server.ctx, bob, secret, 7)).rejects.toMatchObject({ code: 'not_found' });
  await expect(reportEngines(server.ctx, bob, secret, 7)).rejects.toMatchObject({ code: 'not_found' });
  await expect(getActivityTotals(server.ctx, ANYBODY, secret)).rejects.toMatchObject({ code: 'not_found' });
});
