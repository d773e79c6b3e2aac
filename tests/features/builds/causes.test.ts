import request from 'supertest';
import type { Context } from '../../../src/context';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { ensureTokenKey } from '../../../src/features/accounts/token-key';
import { listBuilds } from '../../../src/features/builds/builds';
import { isHourlyAtMost, nextMoment } from '../../../src/features/builds/cron';
import { buildJobs } from '../../../src/features/builds/jobs';
import { addLink, listBases, removeLink } from '../../../src/features/builds/links';
import { setRules } from '../../../src/features/builds/rules';
import { claimBuild, finishBuild, heartbeat } from '../../../src/features/builds/running';
import { setSchedule, startScheduled } from '../../../src/features/builds/schedules';
import { createAutomatedRepository } from '../../../src/features/builds/sources';
import { cancelBuild, retryBuild, startBuilds } from '../../../src/features/builds/starting';
import { createTrigger, getTrigger, removeTrigger } from '../../../src/features/builds/triggers';
import { webhookJobs } from '../../../src/features/webhooks/jobs';
import { getAdministered, getReadable } from '../../../src/features/repositories/get-repository';
import { readFullName } from '../../../src/features/repositories/names';
import { queueOf } from '../../helpers/builds';
import { createImage, pushImages } from '../../helpers/images';
import { runDueJobs } from '../../helpers/run-jobs';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const APP = readFullName('alice/app');
const SOURCE = { provider: 'git', cloneUrl: 'https://git.test/app.git' } as const;

let server: TestServer;
let ctx: Context;
const repository = (name = APP) => getAdministered(ctx, OPERATOR_ACTOR, name);

beforeAll(async () => {
  server = await startTestServer();
  ({ ctx } = server);
  ctx.tokenKey.set(await ensureTokenKey(ctx));
  await addUser(server, 'alice');
  await createAutomatedRepository(ctx, OPERATOR_ACTOR, APP, { source: SOURCE });
  await setRules(ctx, await repository(), [
    { refType: 'branch', refPattern: 'master', dockerfilePath: 'Dockerfile', tag: 'latest' },
    { refType: 'branch', refPattern: 'dev-*', dockerfilePath: 'Dockerfile', tag: '{ref}' },
    { refType: 'tag', refPattern: 'v*', dockerfilePath: 'Dockerfile', tag: '{ref}' },
  ]);
});
afterAll(() => server.close());
beforeEach(async () => {
  await ctx.db('builds').delete();
  await ctx.db('build_trigger_calls').delete();
  await ctx.db('repository_links').delete();
});

/** The builds of a repository, the oldest first: cause, ref, tag, state. */
async function queued(name = APP): Promise<string[]> {
  const { builds } = await listBuilds(ctx, await repository(name), {}, { limit: 50, offset: 0 });
  return builds
    .map(({ cause, refType, refName, tag, state }) => `${cause} ${refType} ${refName} ${tag} ${state}`)
    .reverse();
}

describe('an administrator', () => {
  it('starts all rules: a pattern builds what it has built last', async () => {
    await startBuilds(ctx, await repository(), { kind: 'all' });
    expect(await queued()).toEqual(['manual branch master latest queued']);
    await startBuilds(ctx, await repository(), { kind: 'ref', type: 'tag', name: 'v1' });
    await ctx.db('builds').update({ state: 'success', finished_at: new Date() });
    await startBuilds(ctx, await repository(), { kind: 'all' });
    expect((await queued()).slice(2)).toEqual(['manual branch master latest queued', 'manual tag v1 v1 queued']);
  });

  it('starts a ref that a rule is about, and no other', async () => {
    await startBuilds(ctx, await repository(), { kind: 'ref', type: 'branch', name: 'dev-1' });
    expect(await queued()).toEqual(['manual branch dev-1 dev-1 queued']);
    const other = startBuilds(ctx, await repository(), { kind: 'ref', type: 'branch', name: 'other' });
    await expect(other).rejects.toMatchObject({ code: 'not_found' });
  });

  it('cancels a build that waits at once, and asks the builder of a running one', async () => {
    const [build] = await startBuilds(ctx, await repository(), { kind: 'all' });
    const id = build?.id ?? 0;
    await expect(cancelBuild(ctx, await repository(), id)).resolves.toMatchObject({
      state: 'cancelled',
      error: 'Cancelled by operator',
    });
    await expect(cancelBuild(ctx, await repository(), id)).rejects.toMatchObject({ code: 'conflict' });
    const running = await retryBuild(ctx, await repository(), id);
    expect(running).toMatchObject({ cause: 'retry', requestedBy: 'operator', refName: 'master' });
    const holder = { buildId: running.id, builder: 'host:1' };
    await claimBuild(ctx, holder);
    await expect(cancelBuild(ctx, await repository(), running.id)).resolves.toMatchObject({
      state: 'building',
      isCancelRequested: true,
    });
    await expect(heartbeat(ctx, holder)).resolves.toBe('cancel');
    await finishBuild(ctx, holder, { state: 'cancelled' });
    await expect(cancelBuild(ctx, await repository(), 7_000_000)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the trigger URL', () => {
  let path: string;
  beforeEach(async () => {
    path = new URL((await createTrigger(ctx, await repository())).url).pathname;
  });
  const call = (body: string | object) => request(server.url).post(path).send(body);
  const minutesPass = () => ctx.db('build_trigger_calls').update({ at: ctx.db.raw(`at - interval '6 minutes'`) });

  it.each<[string | object, string[]]>([
    ['build=true', ['trigger branch master latest queued']],
    [{ build: true }, ['trigger branch master latest queued']],
    [{ docker_tag: 'latest' }, ['trigger branch master latest queued']],
    [{ docker_tag: 'other' }, []],
    [{ source_type: 'Branch', source_name: 'dev-2' }, ['trigger branch dev-2 dev-2 queued']],
    [{ source_type: 'Tag', source_name: 'v2' }, ['trigger tag v2 v2 queued']],
    ['source_type=Tag&source_name=v2', ['trigger tag v2 v2 queued']],
    [{ source_type: 'Tag', source_name: 'other' }, []],
  ])('%j', async (body, expected) => {
    await call(body).expect(200, 'OK');
    expect(await queued()).toEqual(expected);
  });

  it('starts one build in five minutes, and one that waits keeps others away; the last ten calls are listed', async () => {
    await call({ build: true }).expect(200, 'OK');
    await minutesPass();
    await call({ build: true }).expect(200, 'OK');
    await ctx.db('builds').update({ state: 'success', finished_at: new Date() });
    await call({ build: true }).expect(200, 'OK');
    await call({ build: true }).expect(200, 'OK');
    expect(await queued()).toHaveLength(2);
    await ctx.db('builds').delete();
    for (let number = 0; number < 12; number += 1) await call({ docker_tag: 'latest' }).expect(200, 'OK');
    const trigger = await getTrigger(ctx, await repository());
    expect(trigger?.calls).toHaveLength(10);
    expect(trigger?.calls[0]).toMatchObject({ asked: 'docker tag latest', outcome: 'too_often' });
    expect(await queued()).toEqual([]);
  });

  it('is refused for another body, and when it was replaced or removed', async () => {
    await call({}).expect(400);
    await call('build=false').expect(400);
    const former = path;
    await createTrigger(ctx, await repository());
    await request(server.url).post(former).send('build=true').expect(404);
    await removeTrigger(ctx, await repository());
    await expect(getTrigger(ctx, await repository())).resolves.toBeUndefined();
  });
});

describe('a schedule', () => {
  it.each([
    ['17 3 * * *', '2026-03-01T12:00:00Z', '2026-03-02T03:17:00.000Z'],
    ['17 3 * * *', '2026-03-01T03:16:59Z', '2026-03-01T03:17:00.000Z'],
    ['17 3 * * *', '2026-03-01T03:17:00Z', '2026-03-02T03:17:00.000Z'],
    ['0 */6 * * *', '2026-03-01T12:00:00Z', '2026-03-01T18:00:00.000Z'],
    ['5 1,13 1-7 * 1', '2026-03-01T00:00:00Z', '2026-03-01T01:05:00.000Z'],
    ['0 0 * * 7', '2026-03-02T00:00:00Z', '2026-03-08T00:00:00.000Z'],
    ['0 0 29 2 *', '2026-03-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 30 2 *', '2026-03-01T00:00:00Z', undefined],
    ['0 0 * *', '2026-03-01T00:00:00Z', undefined],
    ['60 0 * * *', '2026-03-01T00:00:00Z', undefined],
    ['0 0 5-2 * *', '2026-03-01T00:00:00Z', undefined],
    ['a * * * *', '2026-03-01T00:00:00Z', undefined],
  ])('%s after %s is %s', (text, after, next) => {
    expect(nextMoment(text, new Date(after))?.toISOString()).toBe(next);
  });

  it('is due at most once an hour', () => {
    expect([isHourlyAtMost('5 * * * *'), isHourlyAtMost('*/30 * * * *')]).toEqual([true, false]);
  });

  it('builds when it is due, once', async () => {
    await expect(setSchedule(ctx, await repository(), '* * * * *')).rejects.toMatchObject({ code: 'invalid' });
    await setSchedule(ctx, await repository(), '17 3 * * *');
    await expect(startScheduled(ctx)).resolves.toBe(0);
    await ctx.db('build_sources').update({ scheduled_at: ctx.db.raw(`now() - interval '1 minute'`) });
    const started = await Promise.all([startScheduled(ctx), startScheduled(ctx)]);
    expect(started.sort()).toEqual([0, 1]);
    expect(await queued()).toEqual(['schedule branch master latest queued']);
    await setSchedule(ctx, await repository(), undefined);
  });
});

describe('a link to a base image', () => {
  const [BASE, TOP] = [readFullName('alice/base'), readFullName('alice/top')];
  const readable = (name: typeof APP) => getReadable(ctx, OPERATOR_ACTOR, name);
  beforeAll(async () => {
    await pushImages(server, 'alice/base', [createImage()]);
    await createAutomatedRepository(ctx, OPERATOR_ACTOR, TOP, { source: SOURCE });
  });

  it('builds the repository when the base is pushed', async () => {
    await addLink(ctx, await repository(), await readable(BASE));
    await pushImages(server, 'alice/base', [createImage()]);
    await runDueJobs(server.database, [...webhookJobs(ctx), ...buildJobs(ctx)]);
    expect(await queued()).toEqual(['link branch master latest queued']);
    expect(await queued(TOP)).toEqual([]);
    await removeLink(ctx, await repository(), BASE);
    await expect(listBases(ctx, await repository())).resolves.toEqual([]);
  });

  it('is refused when it would close a cycle', async () => {
    await addLink(ctx, await repository(TOP), await readable(APP));
    await expect(addLink(ctx, await repository(), await readable(TOP))).rejects.toMatchObject({ code: 'conflict' });
    await expect(addLink(ctx, await repository(), await readable(APP))).rejects.toMatchObject({ code: 'conflict' });
    await addLink(ctx, await repository(), await readable(BASE));
  });

  it('builds nothing when the account behind the source may no longer read the base', async () => {
    await addLink(ctx, await repository(), await readable(BASE));
    const { id } = await repository(BASE);
    await addUser(server, 'bob');
    await ctx.db('repositories').where({ id }).update({ visibility: 'private', namespace: 'bob' });
    await pushImages(server, 'bob/base', [createImage()], { user: 'bob' });
    await runDueJobs(server.database, [...webhookJobs(ctx), ...buildJobs(ctx)]);
    expect(await queued()).toEqual([]);
  });
});

it('the waiting build of a hook is built for certain when a person asks for it too', async () => {
  const { id } = await queueOf(ctx, await repository());
  await startBuilds(ctx, await repository(), { kind: 'all' });
  const row = await ctx.db('builds').where({ id }).first<{ is_required: boolean }>('is_required');
  expect(row.is_required).toBe(true);
});
