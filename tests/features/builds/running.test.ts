import type { Context } from '../../../src/context';
import { endItsWork } from '../../../src/features/backups/load-dump';
import { issueBuildToken } from '../../../src/features/builds/build-token';
import { forgetBuilds } from '../../../src/features/builds/forgetting';
import { appendLog, readLog } from '../../../src/features/builds/build-log';
import { getBuild, listBuilds } from '../../../src/features/builds/builds';
import {
  claimBuild,
  finishBuild,
  heartbeat,
  noteCommit,
  returnStoppedBuilds,
  type BuildHolder,
} from '../../../src/features/builds/running';
import { createRepository } from '../../../src/features/repositories/creation';
import { getAdministered } from '../../../src/features/repositories/get-repository';
import { readFullName } from '../../../src/features/repositories/names';
import { readBearerToken } from '../../../src/features/tokens/bearer-token';
import { inTransaction } from '../../../src/platform/db/db';
import { queueOf, startBuildPlace } from '../../helpers/builds';
import { addPerson } from '../../helpers/people';

let place: Awaited<ReturnType<typeof startBuildPlace>>;
let ctx: Context;
let alice: Awaited<ReturnType<typeof addPerson>>;
const APP = readFullName('alice/app');
const COMMIT = { hash: 'a'.repeat(40), message: 'Add a line', author: 'Alice' };

beforeAll(async () => {
  place = await startBuildPlace();
  ({ ctx } = place);
  alice = await addPerson(ctx, 'alice');
  await createRepository(ctx, alice, APP, 'public');
});
afterAll(() => place.close());
beforeEach(() => ctx.db('builds').delete());

const repository = () => getAdministered(ctx, alice, APP);
const onBuilder = (buildId: number, builder = 'host:1'): BuildHolder => ({ buildId, builder });
const silence = (id: number) =>
  ctx
    .db('builds')
    .where({ id })
    .update({ alive_at: ctx.db.raw(`now() - interval '2 minutes'`) });

async function claimed(options: Parameters<typeof queueOf>[2] = {}): Promise<number> {
  const { id } = await queueOf(ctx, await repository(), options);
  expect(await claimBuild(ctx, onBuilder(id))).toMatchObject({ id, tag: 'latest', attempt: 1 });
  return id;
}

it('is claimed once, tells its commit, writes a log and ends with a digest', async () => {
  const id = await claimed();
  await expect(claimBuild(ctx, onBuilder(id, 'host:2'))).resolves.toBeUndefined();
  await expect(heartbeat(ctx, onBuilder(id))).resolves.toBe('continue');
  await expect(heartbeat(ctx, onBuilder(id, 'host:2'))).resolves.toBe('lost');
  await expect(noteCommit(ctx, onBuilder(id), COMMIT)).resolves.toEqual({ tag: 'latest', builtBy: undefined });
  expect(await appendLog(ctx, onBuilder(id), 'Step 1\n')).toBe(true);
  expect(await appendLog(ctx, onBuilder(id, 'host:2'), 'not mine\n')).toBe(false);
  const first = await readLog(ctx, await repository(), id);
  expect(first).toMatchObject({ chunks: [{ seq: 1, text: 'Step 1\n' }], last: 1, isComplete: false });
  await appendLog(ctx, onBuilder(id), 'Step 2\n');
  const ending = { state: 'success', digest: `sha256:${'0'.repeat(64)}` } as const;
  await expect(finishBuild(ctx, onBuilder(id, 'host:2'), ending)).resolves.toBe(false);
  await expect(finishBuild(ctx, onBuilder(id), ending)).resolves.toBe(true);
  await expect(finishBuild(ctx, onBuilder(id), { state: 'error', error: 'late' })).resolves.toBe(false);
  expect(await readLog(ctx, await repository(), id, first.last)).toMatchObject({
    chunks: [{ seq: 2, text: 'Step 2\n' }],
    isComplete: true,
  });
  const { builds, total } = await listBuilds(ctx, await repository(), {}, { limit: 10, offset: 0 });
  expect(total).toBe(1);
  expect(builds[0]).toMatchObject({ id, state: 'success', digest: ending.digest, commit: COMMIT, error: undefined });
});

it('one build of a rule and ref waits, and has the newest commit; a repository has one at a time', async () => {
  const running = await claimed();
  const waiting = await queueOf(ctx, await repository(), { commit: { hash: '1'.repeat(40) } });
  const absorbed = await queueOf(ctx, await repository(), { commit: { hash: '2'.repeat(40) } });
  expect([waiting.isNew, absorbed]).toEqual([true, { id: waiting.id, isNew: false }]);
  await expect(getBuild(ctx, await repository(), waiting.id)).resolves.toMatchObject({
    state: 'queued',
    commit: { hash: '2'.repeat(40) },
  });
  await expect(claimBuild(ctx, onBuilder(waiting.id))).rejects.toMatchObject({ code: 'busy' });
  await finishBuild(ctx, onBuilder(running), { state: 'error', error: 'no Dockerfile' });
  await expect(claimBuild(ctx, onBuilder(waiting.id))).resolves.toMatchObject({ commitHint: '2'.repeat(40) });
});

it('the same commit is left out after a hook, and built when a person asks', async () => {
  const first = await claimed();
  await noteCommit(ctx, onBuilder(first), COMMIT);
  await finishBuild(ctx, onBuilder(first), { state: 'success', digest: 'sha256:0' });
  const again = await claimed();
  await expect(noteCommit(ctx, onBuilder(again), COMMIT)).resolves.toMatchObject({ builtBy: first });
  await expect(noteCommit(ctx, onBuilder(again), { ...COMMIT, hash: 'b'.repeat(40) })).resolves.toMatchObject({
    builtBy: undefined,
  });
  await finishBuild(ctx, onBuilder(again), { state: 'cancelled' });
  const wanted = await claimed({ isRequired: true });
  await expect(noteCommit(ctx, onBuilder(wanted), COMMIT)).resolves.toMatchObject({ builtBy: undefined });
});

it('waits again once when its builder stops, and then has failed', async () => {
  const id = await claimed();
  await expect(returnStoppedBuilds(ctx)).resolves.toBe(0);
  await silence(id);
  await expect(returnStoppedBuilds(ctx)).resolves.toBe(1);
  await expect(heartbeat(ctx, onBuilder(id))).resolves.toBe('lost');
  await expect(claimBuild(ctx, onBuilder(id, 'host:2'))).resolves.toMatchObject({ attempt: 2 });
  await silence(id);
  await expect(returnStoppedBuilds(ctx)).resolves.toBe(1);
  await expect(getBuild(ctx, await repository(), id)).resolves.toMatchObject({
    state: 'error',
    error: 'The builder stopped twice',
  });
});

it('is forgotten when it is old, and its log before', async () => {
  const ids: number[] = [];
  for (let number = 0; number < 21; number += 1) {
    const id = await claimed({ isRequired: true });
    await appendLog(ctx, onBuilder(id), 'Step 1\n');
    await finishBuild(ctx, onBuilder(id), { state: 'error', error: 'It failed' });
    ids.push(id);
  }
  const age = (days: number) =>
    ctx.db('builds').update({ finished_at: ctx.db.raw(`now() - ? * interval '1 day'`, [days]) });
  const logs = async () => (await readLog(ctx, await repository(), ids[20] ?? 0)).chunks.length;
  await age(80);
  await expect(forgetBuilds(ctx, 365 * 86_400_000)).resolves.toBe(0);
  expect(await logs()).toBe(1);
  await age(100);
  await expect(forgetBuilds(ctx, 365 * 86_400_000)).resolves.toBe(0);
  expect(await logs()).toBe(0);
  await age(400);
  await expect(forgetBuilds(ctx, 365 * 86_400_000)).resolves.toBe(1);
  await expect(getBuild(ctx, await repository(), ids[0] ?? 0)).rejects.toMatchObject({ code: 'not_found' });
});

it('gives way when its builder stops and a newer build of the ref waits', async () => {
  const id = await claimed();
  await queueOf(ctx, await repository());
  await silence(id);
  await returnStoppedBuilds(ctx);
  await expect(getBuild(ctx, await repository(), id)).resolves.toMatchObject({ state: 'cancelled' });
});

it('pushes to its repository and pulls what the account behind the source may read, while it runs', async () => {
  const bob = await addPerson(ctx, 'bob', { isAdmin: true });
  await createRepository(ctx, bob, readFullName('bob/secret'), 'private');
  await createRepository(ctx, bob, readFullName('bob/base'), 'public');
  await createRepository(ctx, alice, readFullName('alice/secret'), 'private');
  const id = await claimed();
  const bases = ['bob/secret', 'bob/base', 'alice/secret', 'alice/none'].map((name) => readFullName(name));
  const { token, refused } = await issueBuildToken(ctx, id, bases);
  expect(readBearerToken(ctx.tokenKey, token)?.grants).toEqual([
    { repository: APP, actions: ['pull', 'push'] },
    { repository: readFullName('bob/base'), actions: ['pull'] },
    { repository: readFullName('alice/secret'), actions: ['pull'] },
  ]);
  expect(refused.map(({ base }) => base.name)).toEqual(['secret', 'none']);
  // A site administrator set up the source: that does not open the private repositories of others.
  await ctx.db('build_sources').update({ created_by: bob.identity.userId });
  expect((await issueBuildToken(ctx, id, [readFullName('alice/secret')])).refused).toHaveLength(1);
  await ctx.db('users').where({ username: 'bob' }).update({ is_admin: false });
  await expect(issueBuildToken(ctx, id)).rejects.toMatchObject({ code: 'forbidden' });
  await finishBuild(ctx, onBuilder(id), { state: 'cancelled' });
  await expect(issueBuildToken(ctx, id)).rejects.toMatchObject({ code: 'not_found' });
});

it('does not go on in a restored database, where no job brings it to a builder', async () => {
  const running = await claimed();
  const waiting = await queueOf(ctx, await repository());
  await inTransaction(ctx.db, endItsWork);
  for (const id of [running, waiting.id]) {
    const build = await getBuild(ctx, await repository(), id);
    expect(build).toMatchObject({ state: 'cancelled', error: expect.stringContaining('restored from a backup') });
  }
  await expect(queueOf(ctx, await repository())).resolves.toMatchObject({ isNew: true });
});
