import type { Context } from '../../../../src/context';
import { OPERATOR_ACTOR } from '../../../../src/features/access/actor';
import { createLinkedRepository } from '../../../../src/features/builds/linked/linked-source';
import { reportForgotten } from '../../../../src/features/builds/linked/statuses';
import { removeSource } from '../../../../src/features/builds/source-changes';
import { setRules } from '../../../../src/features/builds/rules';
import { claimBuild, finishBuild, noteCommit } from '../../../../src/features/builds/running';
import { cancelBuild, retryBuild } from '../../../../src/features/builds/starting';
import { getAdministered } from '../../../../src/features/repositories/get-repository';
import { readFullName } from '../../../../src/features/repositories/names';
import { jobsOf } from '../../../../src/jobs';
import { PROVIDER_KINDS, type ProviderKind } from '../../../../src/platform/providers/git-provider';
import { actorOf } from '../../../helpers/actors';
import { queueOf } from '../../../helpers/builds';
import type { StandInRepository } from '../../../helpers/git-providers/state';
import { linkAlice, startLinkedPlace, type LinkedPlace } from '../../../helpers/linked-place';
import { makeJobsDue, runDueJobs } from '../../../helpers/run-jobs';

const APP = readFullName('alice/app');
const HASH = 'a'.repeat(40);
const NEWER = 'b'.repeat(40);

/** The words of each provider for the states. */
const WORDS: Record<
  ProviderKind,
  Record<'pending' | 'running' | 'success' | 'failure' | 'error' | 'superseded', string>
> = {
  github: {
    pending: 'pending',
    running: 'pending',
    success: 'success',
    failure: 'failure',
    error: 'error',
    superseded: 'error',
  },
  bitbucket: {
    pending: 'INPROGRESS',
    running: 'INPROGRESS',
    success: 'SUCCESSFUL',
    failure: 'FAILED',
    error: 'FAILED',
    superseded: 'STOPPED',
  },
  gitlab: {
    pending: 'pending',
    running: 'running',
    success: 'success',
    failure: 'failed',
    error: 'failed',
    superseded: 'canceled',
  },
  gitea: {
    pending: 'pending',
    running: 'pending',
    success: 'success',
    failure: 'failure',
    error: 'error',
    superseded: 'warning',
  },
};

let place: LinkedPlace;
let ctx: Context;

beforeEach(async () => {
  place = await startLinkedPlace();
  ({ ctx } = place.server);
});
afterEach(() => place.close());

const app = () => getAdministered(ctx, OPERATOR_ACTOR, APP);
const work = () => runDueJobs(place.server.database, jobsOf(ctx));
const holder = (buildId: number) => ({ buildId, builder: 'host:1' });
const commit = (hash: string) => ({ hash, message: 'Change it', author: 'Alice' });

async function shopOf(kind: ProviderKind, access: 'full' | 'limited' = 'full'): Promise<StandInRepository> {
  const shop = place.providers.of[kind].addRepository('alice-there/shop');
  const account = { username: 'alice', id: await linkAlice(place, kind, access) };
  const alice = await actorOf(place.server, 'alice');
  await createLinkedRepository(ctx, alice, APP, { source: { account, fullName: shop.fullName } });
  await work();
  return shop;
}

const queue = async (hash: string) => (await queueOf(ctx, await app(), { commit: commit(hash) })).id;

async function finish(id: number, hash: string, state: 'success' | 'error'): Promise<void> {
  await claimBuild(ctx, holder(id));
  await noteCommit(ctx, holder(id), commit(hash));
  const ending = state === 'success' ? { state, digest: `sha256:${'c'.repeat(64)}` } : { state, error: 'It broke' };
  await finishBuild(ctx, holder(id), ending);
}

const states = (shop: StandInRepository) => shop.statuses.map(({ commit: hash, body }) => [hash[0], body['state']]);

describe.each(PROVIDER_KINDS)('the commit of a build at %s', (kind) => {
  const words = WORDS[kind];

  it('gets a status when the build waits, runs and ends, with the page of the build', async () => {
    const shop = await shopOf(kind);
    const id = await queue(HASH);
    await work();
    await claimBuild(ctx, holder(id));
    await noteCommit(ctx, holder(id), commit(HASH));
    await work();
    await finishBuild(ctx, holder(id), { state: 'error', error: 'It broke' });
    await work();
    const expected = [words.pending, words.running, words.failure].map((state) => ['a', state]);
    expect(states(shop)).toEqual(expected);
    const body = shop.statuses.at(-1)?.body ?? {};
    const page = ctx.publicUrl.of(`/r/alice/app/builds/${id}/`);
    expect([body['target_url'] ?? body['url'], body['description']]).toEqual([page, 'The build failed']);
    expect(body['context'] ?? body['name']).toBe('drydock/alice/app:latest');
    expect(JSON.stringify(body['key'] ?? '').length - 2).toBeLessThanOrEqual(40);

    const { id: again } = await retryBuild(ctx, await app(), id);
    await finish(again, HASH, 'success');
    await work();
    expect(states(shop).at(-1)).toEqual(['a', words.success]);
  });

  it('gets only the newest status after an outage, and the build does not wait for it (R345)', async () => {
    const shop = await shopOf(kind);
    place.providers.of[kind].instead.push({ path: 'status', status: 503, times: 1 });
    const id = await queue(HASH);
    await work();
    expect(shop.statuses).toEqual([]);
    await finish(id, HASH, 'success');
    await makeJobsDue(place.server.database);
    await work();
    expect(states(shop)).toEqual([['a', words.success]]);
  });

  it('is said to be left out when a newer commit is built', async () => {
    const shop = await shopOf(kind);
    const id = await queue(HASH);
    await work();
    await finish(id, NEWER, 'success');
    await work();
    expect(states(shop)).toEqual([
      ['a', words.pending],
      ['a', words.superseded],
      ['b', words.success],
    ]);
  });
});

it('keeps its result when the same commit is asked for again and left out', async () => {
  const shop = await shopOf('github');
  await finish(await queue(HASH), HASH, 'success');
  await work();
  const again = await queue(HASH);
  await work();
  await claimBuild(ctx, holder(again));
  const noted = await noteCommit(ctx, holder(again), commit(HASH));
  expect(noted?.builtBy).toBeDefined();
  await finishBuild(ctx, holder(again), { state: 'cancelled', error: 'It is built already' });
  await work();
  expect(states(shop).at(-1)).toEqual(['a', 'success']);
});

it('is cancelled with the build, also when the rule is removed', async () => {
  const shop = await shopOf('gitea');
  const cancelled = await queue(HASH);
  await work();
  await cancelBuild(ctx, await app(), cancelled);
  await work();
  expect(states(shop).at(-1)).toEqual(['a', 'error']);
  await queue(NEWER);
  await work();
  await setRules(ctx, await app(), []);
  await ctx
    .db('builds')
    .whereNotNull('finished_at')
    .update({ finished_at: ctx.db.raw(`now() - interval '2 minutes'`) });
  expect(await reportForgotten(ctx)).toBe(1);
  await work();
  expect(states(shop).at(-1)).toEqual(['b', 'error']);
  expect(await reportForgotten(ctx)).toBe(0);
});

it('does not wait for ever when the source is removed', async () => {
  const shop = await shopOf('bitbucket');
  await queue(HASH);
  await work();
  await removeSource(ctx, await app());
  for (let round = 0; round < 2; round += 1) await work();
  expect(states(shop)).toEqual([
    ['a', 'INPROGRESS'],
    ['a', 'FAILED'],
  ]);
  expect(shop.hooks).toEqual([]);
});

it('gets no status with limited access', async () => {
  const limited = await shopOf('gitlab', 'limited');
  await finish(await queue(HASH), HASH, 'success');
  await work();
  expect(limited.statuses).toEqual([]);
});

it('has the status already when GitLab refuses it once more', async () => {
  const shop = await shopOf('gitlab');
  const message =
    'Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via "enqueue")';
  place.providers.of.gitlab.instead.push({ path: 'statuses', status: 400, body: { message }, times: 1 });
  const id = await queue(HASH);
  await work();
  expect(await ctx.db('build_statuses')).toMatchObject([{ reported: 'pending', error: null }]);
  await finish(id, HASH, 'success');
  await work();
  expect(states(shop)).toEqual([['a', 'success']]);
});

it('gets none while the user of the linked account is not active, whose hook can still be removed', async () => {
  const shop = await shopOf('github');
  await ctx.db('users').where({ username: 'alice' }).update({ is_active: false });
  await finish(await queue(HASH), HASH, 'success');
  await work();
  expect([shop.statuses, shop.hooks.length]).toEqual([[], 1]);
  await removeSource(ctx, await app());
  for (let round = 0; round < 2; round += 1) await work();
  expect(shop.hooks).toEqual([]);
});

it('is not tried again when the provider refuses it for good', async () => {
  await shopOf('github');
  const message = 'No commit found for SHA';
  place.providers.of.github.instead.push({ path: 'statuses', status: 422, body: { message }, times: 9 });
  await finish(await queue(HASH), HASH, 'success');
  await work();
  await makeJobsDue(place.server.database);
  await work();
  expect(place.providers.of.github.asked.filter((path) => path.includes('statuses'))).toHaveLength(1);
  expect(await ctx.db('build_statuses')).toMatchObject([{ error: `GitHub refused the request (${message})` }]);
});
