import type { Context } from '../../../../src/context';
import { OPERATOR_ACTOR, type Actor } from '../../../../src/features/access/actor';
import { listEvents } from '../../../../src/features/audit/audit';
import { createLinkedRepository, listRemoteRepositories } from '../../../../src/features/builds/linked/linked-source';
import { unlinkAccount } from '../../../../src/features/builds/linked/linked-accounts';
import { tendLinkedAccounts } from '../../../../src/features/builds/linked/tending';
import { listRules } from '../../../../src/features/builds/rules';
import { changeSource, removeSource, renewHook } from '../../../../src/features/builds/source-changes';
import { getSource, type NewBuildSource } from '../../../../src/features/builds/sources';
import { deleteAtOnce } from '../../../../src/features/repositories/deletion';
import { deleteUserWithRepositories } from '../../../../src/features/repositories/owner-deletion';
import { getAdministered, getDeletable } from '../../../../src/features/repositories/get-repository';
import { readFullName } from '../../../../src/features/repositories/names';
import { jobsOf } from '../../../../src/jobs';
import { PROVIDER_KINDS, type ProviderKind } from '../../../../src/platform/providers/git-provider';
import { PROVIDER_NAMES } from '../../../../src/platform/providers/providers';
import { actorOf } from '../../../helpers/actors';
import type { StandInRepository } from '../../../helpers/git-providers/state';
import { linkAlice, startLinkedPlace, type LinkedPlace } from '../../../helpers/linked-place';
import { makeJobsDue, runDueJobs } from '../../../helpers/run-jobs';
import { addUser } from '../../../helpers/test-server';

const APP = readFullName('alice/app');

let place: LinkedPlace;
let ctx: Context;
let alice: Actor;

beforeEach(async () => {
  place = await startLinkedPlace();
  ({ ctx } = place.server);
  alice = await actorOf(place.server, 'alice');
});
afterEach(() => place.close());

const app = () => getAdministered(ctx, OPERATOR_ACTOR, APP);
const state = async () => (await getSource(ctx, await app())).linked;
const remoteEvents = async () =>
  (await listEvents(ctx, { action: 'build.remote', limit: 20 })).map(({ action, details }) => [action, details]);

/** Runs the job of each minute, the jobs that are due, and those that they queue. */
async function work(): Promise<void> {
  await tendLinkedAccounts(ctx);
  for (let round = 0; round < 3; round += 1) await runDueJobs(place.server.database, jobsOf(ctx));
}

const named = (kind: ProviderKind): string => (kind === 'gitlab' ? 'alice-there/tools/shop' : 'alice-there/shop');

async function build(
  kind: ProviderKind,
  isPrivate = true,
): Promise<{ shop: StandInRepository; added: NewBuildSource; id: number }> {
  const shop = place.providers.of[kind].addRepository(named(kind), { isPrivate });
  const id = await linkAlice(place, kind);
  const source = { account: { username: 'alice', id }, fullName: shop.fullName };
  return { shop, id, added: await createLinkedRepository(ctx, alice, APP, { source }) };
}

describe.each(PROVIDER_KINDS)('a repository of %s', (kind) => {
  it('gets the hook and a read-only deploy key, which are removed with the source', async () => {
    const { shop, added } = await build(kind);
    expect(added).toMatchObject({
      provider: kind,
      cloneUrl: `ssh://git@git.test/${shop.fullName}.git`,
      credential: 'deploy_key',
      linked: { login: 'alice-there', fullName: shop.fullName, state: 'adding', error: undefined },
    });
    expect(await listRules(ctx, await app())).toMatchObject([{ refPattern: 'main', tag: 'latest' }]);
    await work();
    expect(await state()).toMatchObject({ state: 'added' });
    expect(shop.hooks).toMatchObject([{ url: added.hookUrl, secret: added.hookSecret }]);
    expect(shop.keys).toMatchObject([{ publicKey: added.publicKey, isReadOnly: true }]);
    await removeSource(ctx, await app());
    await work();
    expect([shop.hooks, shop.keys]).toEqual([[], []]);
    const details = { provider: kind, repository: shop.fullName };
    expect(await remoteEvents()).toEqual([
      ['build.remote_removed', details],
      ['build.remote_added', details],
    ]);
  });

  it('is cloned over https without a key when it is public, and gets the hook', async () => {
    const { shop, added } = await build(kind, false);
    expect(added).toMatchObject({ cloneUrl: `https://git.test/${shop.fullName}.git`, credential: 'none' });
    await work();
    expect([shop.hooks.length, shop.keys.length]).toEqual([1, 0]);
  });

  it('loses hook and key when the account is unlinked, and stays automated', async () => {
    const { shop, id } = await build(kind);
    await work();
    await unlinkAccount(ctx, alice, 'alice', id);
    await work();
    expect([shop.hooks, shop.keys]).toEqual([[], []]);
    expect(await ctx.db('linked_accounts')).toEqual([]);
    expect((await getSource(ctx, await app())).linked).toBeUndefined();
  });

  it('gets another hook instead of the former one when the hook is renewed, and another key', async () => {
    const { shop } = await build(kind);
    await work();
    const renewed = await renewHook(ctx, await app());
    const { publicKey } = await changeSource(ctx, await app(), { credential: { kind: 'deploy_key' } });
    await work();
    expect(shop.hooks).toMatchObject([{ url: renewed.hookUrl, secret: renewed.hookSecret }]);
    expect(shop.keys).toMatchObject([{ publicKey }]);
    expect(await state()).toMatchObject({ state: 'added' });
  });

  it('is listed with its pages and by a part of its name, private ones only with full access', async () => {
    const provider = place.providers.of[kind];
    for (let n = 0; n < 120; n += 1) provider.addRepository(`alice-there/repository-${n}`, { isPrivate: n % 2 === 0 });
    provider.addRepository('others/shared', { admin: 'somebody-else' });
    const list = async (id: number, search: string) => {
      const found: string[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < 10; pages += 1) {
        const page = await listRemoteRepositories(ctx, alice, { username: 'alice', id }, { search, cursor });
        found.push(...page.repositories.map(({ fullName }) => fullName));
        ({ next: cursor } = page);
        if (cursor === undefined) return found;
      }
      throw new Error('the list does not end');
    };
    const id = await linkAlice(place, kind);
    const all = await list(id, '');
    expect([all.length, new Set(all).size]).toEqual([120, 120]);
    expect(await list(id, 'repository-77')).toEqual(['alice-there/repository-77']);
    await linkAlice(place, kind, 'limited');
    const open = await list(id, '');
    expect(open.filter((name) => name.startsWith('alice-there/'))).toHaveLength(60);
  });

  it('waits while the provider has an outage or refuses more requests, and says so (R342)', async () => {
    const instead = place.providers.of[kind].instead;
    const { shop } = await build(kind);
    instead.push({ path: 'hooks', status: 503, times: 1 });
    await work();
    expect(await state()).toMatchObject({
      state: 'adding',
      error: `${PROVIDER_NAMES[kind]} had an error of its own (HTTP 503)`,
    });
    instead.push({ path: 'hooks', status: 429, headers: { 'Retry-After': '7' }, times: 1 });
    await makeJobsDue(place.server.database);
    await work();
    expect(await state()).toMatchObject({ error: `${PROVIDER_NAMES[kind]} does not accept more requests for now` });
    await makeJobsDue(place.server.database);
    await work();
    expect(await state()).toMatchObject({ state: 'added', error: undefined });
    expect(shop.hooks).toHaveLength(1);
  });

  it('is not given a second hook when the answer to the first was lost', async () => {
    const { shop } = await build(kind);
    // The hook is there, but the key is refused by an outage.
    place.providers.of[kind].instead.push({ path: kind === 'gitlab' ? 'deploy_keys' : 'keys', status: 500, times: 1 });
    await work();
    await ctx.db('build_remotes').update({ hook_ref: null });
    await makeJobsDue(place.server.database);
    await work();
    expect([shop.hooks.length, shop.keys.length]).toEqual([1, 1]);
  });

  it('says why the hook cannot be added when the user does not administer it', async () => {
    place.providers.of[kind].addRepository('others/open', { admin: 'somebody-else' });
    const id = await linkAlice(place, kind);
    const source = { account: { username: 'alice', id }, fullName: 'others/open' };
    await createLinkedRepository(ctx, alice, APP, { source });
    await work();
    const failed = await state();
    expect(failed?.state).toBe('failed');
    expect(failed?.error).toMatch(
      kind === 'github' ? /^GitHub does not have this, or/ : /does not let the linked account/,
    );
  });

  it('leaves the hook to the user when the access is limited, and refuses private ones', async () => {
    const shop = place.providers.of[kind].addRepository(named(kind));
    place.providers.of[kind].addRepository('alice-there/hidden', { isPrivate: true });
    const account = { username: 'alice', id: await linkAlice(place, kind, 'limited') };
    const added = await createLinkedRepository(ctx, alice, APP, { source: { account, fullName: shop.fullName } });
    expect(added.linked?.state).toBe('by_hand');
    await work();
    expect(shop.hooks).toEqual([]);
    const hidden = { source: { account, fullName: 'alice-there/hidden' } };
    await expect(createLinkedRepository(ctx, alice, readFullName('alice/other'), hidden)).rejects.toMatchObject({
      code: 'invalid',
    });
    await unlinkAccount(ctx, alice, 'alice', account.id);
    await work();
    expect(await ctx.db('linked_accounts')).toEqual([]);
  });
});

describe('what was added is removed', () => {
  it('when the repository is deleted', async () => {
    const { shop } = await build('github');
    await work();
    await deleteAtOnce(ctx, await getDeletable(ctx, alice, APP));
    await work();
    expect([shop.hooks, shop.keys]).toEqual([[], []]);
    expect(await ctx.db('build_remotes')).toEqual([]);
  });

  it('when the account is deleted, and its tokens with it', async () => {
    const { shop } = await build('gitlab');
    await work();
    await deleteUserWithRepositories(ctx, OPERATOR_ACTOR, 'alice');
    await work();
    expect([shop.hooks, shop.keys]).toEqual([[], []]);
    expect(await ctx.db('linked_accounts')).toEqual([]);
    expect([...place.providers.of.gitlab.tokens.values()].map(({ isLive }) => isLive)).toEqual([false]);
  });

  it('when the source leads elsewhere', async () => {
    const { shop } = await build('gitea');
    await work();
    await changeSource(ctx, await app(), { cloneUrl: 'git@git.test:elsewhere/app.git' });
    await work();
    expect([shop.hooks, shop.keys]).toEqual([[], []]);
  });

  it('later, after an outage of the provider', async () => {
    const { shop } = await build('bitbucket');
    await work();
    place.providers.of.bitbucket.instead.push({ path: 'hooks', status: 502, times: 1 });
    await removeSource(ctx, await app());
    await work();
    expect(shop.hooks).toHaveLength(1);
    await makeJobsDue(place.server.database);
    await work();
    expect([shop.hooks, shop.keys]).toEqual([[], []]);
  });
});

describe('what cannot be removed is recorded', () => {
  it('when the access was revoked at the provider (R342)', async () => {
    const { shop } = await build('github');
    await work();
    place.providers.of.github.revokeAll();
    await removeSource(ctx, await app());
    await work();
    expect(await ctx.db('build_remotes')).toEqual([]);
    const error = 'GitHub no longer accepts the access that was given: link the account again';
    expect((await remoteEvents())[0]).toEqual([
      'build.remote_removed',
      { provider: 'github', repository: shop.fullName, error },
    ]);
  });

  it('when the provider did not answer for a week', async () => {
    await build('gitea');
    await work();
    place.providers.of.gitea.instead.push({ path: 'hooks', status: 502, times: 100 });
    await removeSource(ctx, await app());
    await work();
    await ctx.db('build_remotes').update({ removal_since: ctx.db.raw(`now() - interval '8 days'`) });
    await work();
    expect(await ctx.db('build_remotes')).toEqual([]);
    expect((await remoteEvents())[0]?.[1]).toMatchObject({ error: 'It could not be removed in 7 days' });
  });
});

it('is added when the account is linked again after the access was revoked', async () => {
  const { shop } = await build('gitlab');
  place.providers.of.gitlab.revokeAll();
  await work();
  expect(await state()).toMatchObject({
    state: 'failed',
    error: expect.stringContaining('link the account again') as string,
  });
  await linkAlice(place, 'gitlab');
  await work();
  expect([(await state())?.state, shop.hooks.length]).toEqual(['added', 1]);
});

it('is added and removed after a restore, which loses the jobs that wait', async () => {
  const { shop } = await build('gitea');
  const lose = () => ctx.db.raw('delete from graphile_worker._private_jobs');
  await lose();
  await work();
  expect(shop.hooks).toHaveLength(1);
  await removeSource(ctx, await app());
  await tendLinkedAccounts(ctx);
  await lose();
  await work();
  expect(shop.hooks).toEqual([]);
});

it.each(['../../user', 'a/..', './a', 'a', 'a/b?x=y', 'a b/c', 'a/%2e%2e', ''])(
  'refuses the name %p, which could lead elsewhere in the API of the provider (R343)',
  async (fullName) => {
    const account = { username: 'alice', id: await linkAlice(place, 'gitlab') };
    const before = place.providers.of.gitlab.asked.length;
    await expect(createLinkedRepository(ctx, alice, APP, { source: { account, fullName } })).rejects.toMatchObject({
      code: 'invalid',
    });
    expect(place.providers.of.gitlab.asked).toHaveLength(before);
  },
);

it('does not let an administrator use the linked account of another user (R344)', async () => {
  const id = await linkAlice(place, 'github');
  await addUser(place.server, 'root', { isAdmin: true });
  const root = await actorOf(place.server, 'root');
  const of = { username: 'alice', id };
  await expect(listRemoteRepositories(ctx, root, of, {})).rejects.toMatchObject({ code: 'forbidden' });
  const source = { account: of, fullName: 'alice-there/shop' };
  await expect(createLinkedRepository(ctx, root, readFullName('root/app'), { source })).rejects.toMatchObject({
    code: 'forbidden',
  });
});
