import type { Context } from '../../../../src/context';
import { rotateTokenKey } from '../../../../src/features/accounts/key-rotation';
import { ensureTokenKey } from '../../../../src/features/accounts/token-key';
import { OPERATOR_ACTOR } from '../../../../src/features/access/actor';
import { listEvents } from '../../../../src/features/audit/audit';
import { BUILD_RESEALS } from '../../../../src/features/builds/credentials';
import { listLinkedAccounts, unlinkAccount } from '../../../../src/features/builds/linked/linked-accounts';
import { callProvider } from '../../../../src/features/builds/linked/provider-calls';
import { unsealTokens } from '../../../../src/features/builds/linked/sealed-tokens';
import { tendLinkedAccounts } from '../../../../src/features/builds/linked/tending';
import { PROVIDER_KINDS } from '../../../../src/platform/providers/git-provider';
import { createProviders, PROVIDER_NAMES } from '../../../../src/platform/providers/providers';
import { browseAs } from '../../../helpers/browse';
import { linkAlice, linkInBrowser, startLinkedPlace, type LinkedPlace } from '../../../helpers/linked-place';
import { addUser } from '../../../helpers/test-server';

let place: LinkedPlace;
let ctx: Context;

beforeEach(async () => {
  place = await startLinkedPlace();
  ({ ctx } = place.server);
});
afterEach(() => place.close());

const list = () => listLinkedAccounts(ctx, OPERATOR_ACTOR, 'alice');
const whoAmI = (id: number) => callProvider(ctx, id, ({ provider, token }) => provider.user(token));
const row = async (id: number) => {
  const found = await ctx
    .db<{ id: number; sealed_tokens: Buffer; problem: string | null }>('linked_accounts')
    .where({ id });
  if (found[0] === undefined) throw new Error('the linked account is gone');
  return found[0];
};
const expire = (id: number) =>
  ctx
    .db('linked_accounts')
    .where({ id })
    .update({ expires_at: ctx.db.raw(`now() - interval '1 second'`) });

describe.each(PROVIDER_KINDS)('an account of %s', (kind) => {
  it('is linked by a browser, keeps its tokens sealed, and is unlinked', async () => {
    const browsing = await browseAs(place.server, 'alice');
    const seen = await linkInBrowser(place, browsing, kind);
    expect(seen.html).toContain(`Your account is linked to alice-there of ${PROVIDER_NAMES[kind]}`);
    const [account, ...others] = await list();
    expect(others).toEqual([]);
    expect(account).toMatchObject({ provider: kind, login: 'alice-there', access: 'full', problem: undefined });
    const id = account?.id ?? 0;
    const kept = await row(id);
    const [token = ''] = [...place.providers.of[kind].tokens.keys()];
    expect(kept.sealed_tokens.includes(token)).toBe(false);
    expect(unsealTokens(await ensureTokenKey(ctx), id, kept.sealed_tokens).accessToken).toBe(token);
    expect(await whoAmI(id)).toMatchObject({ login: 'alice-there' });

    await unlinkAccount(ctx, OPERATOR_ACTOR, 'alice', id);
    expect(await list()).toEqual([]);
    expect(await tendLinkedAccounts(ctx)).toMatchObject({ accounts: 1 });
    const ended = await ctx.db('linked_accounts').where({ id });
    expect(ended).toEqual([]);
    // Bitbucket and Gitea have no way to end a token.
    const canRevoke = kind === 'github' || kind === 'gitlab';
    expect(place.providers.of[kind].tokens.get(token)?.isLive).toBe(!canRevoke);
    const events = await listEvents(ctx, { action: 'git_account.', limit: 10 });
    expect(events.map(({ action, subject, details }) => [action, subject, details])).toEqual([
      ['git_account.unlinked', 'alice', { provider: kind, login: 'alice-there' }],
      ['git_account.linked', 'alice', { provider: kind, login: 'alice-there', access: 'full' }],
    ]);
  });

  it('is linked with limited access', async () => {
    await linkAlice(place, kind, 'limited');
    expect(await list()).toMatchObject([{ access: 'limited' }]);
  });

  it('says that the access was revoked at the provider, until it is linked again', async () => {
    const id = await linkAlice(place, kind);
    place.providers.of[kind].revokeAll();
    const sentence = `${PROVIDER_NAMES[kind]} no longer accepts the access that was given: link the account again`;
    await expect(whoAmI(id)).rejects.toMatchObject({ code: 'conflict', failure: 'revoked', message: sentence });
    expect(await list()).toMatchObject([{ problem: sentence }]);
    expect(await linkAlice(place, kind)).toBe(id);
    expect(await list()).toMatchObject([{ problem: undefined }]);
    expect(await whoAmI(id)).toMatchObject({ login: 'alice-there' });
  });
});

describe.each(['bitbucket', 'gitlab', 'gitea'] as const)('the tokens of %s', (kind) => {
  it('are refreshed when they have expired, once for all who need them (R340)', async () => {
    const id = await linkAlice(place, kind);
    await expire(id);
    // The other process has its own context.
    const other = { ...ctx, gitProviders: createProviders(place.providers.settings) };
    const found = await Promise.all([
      ...Array.from({ length: 4 }, () => whoAmI(id)),
      ...Array.from({ length: 4 }, () => callProvider(other, id, ({ provider, token }) => provider.user(token))),
    ]);
    expect(found.map(({ login }) => login)).toEqual(Array.from({ length: 8 }, () => 'alice-there'));
    expect(place.providers.of[kind].refreshes).toBe(1);
  });

  it('are refreshed when the provider ended them early', async () => {
    const id = await linkAlice(place, kind);
    for (const token of place.providers.of[kind].tokens.values()) token.isLive = false;
    expect(await whoAmI(id)).toMatchObject({ login: 'alice-there' });
    expect(place.providers.of[kind].refreshes).toBe(1);
  });

  it('stay when the provider cannot be reached for the refresh', async () => {
    const id = await linkAlice(place, kind);
    await expire(id);
    place.providers.of[kind].instead.push({ path: 'oauth', status: 502, times: 1 });
    await expect(whoAmI(id)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await whoAmI(id)).toMatchObject({ login: 'alice-there' });
  });
});

it('seals the tokens again when the key is rotated', async () => {
  const id = await linkAlice(place, 'gitea');
  const before = await row(id);
  const resealed = await rotateTokenKey(ctx, BUILD_RESEALS);
  expect(resealed).toMatchObject({ linkedAccounts: 1 });
  const after = await row(id);
  expect(after.sealed_tokens.equals(before.sealed_tokens)).toBe(false);
  const key = await ensureTokenKey(ctx);
  expect(() => unsealTokens(key, id, before.sealed_tokens)).toThrow();
  expect(await whoAmI(id)).toMatchObject({ login: 'alice-there' });
});

it('refuses an answer of the provider in another browser, for another account, and a second time (R341)', async () => {
  const browsing = await browseAs(place.server, 'alice');
  const fields = { provider: 'github', access: 'full' };
  const toProvider = await browsing.send('/account/linked/connect/', fields, '/account/linked/');
  const back = new URL(await place.providers.visit(toProvider.location));
  const path = back.pathname + back.search;
  await addUser(place.server, 'mallory');
  const mallory = await browseAs(place.server, 'mallory');
  await mallory.get(path);
  // The cookie of alice's browser, but another account.
  mallory.setCookie('drydock_link', browsing.cookie('drydock_link') ?? '');
  await mallory.get(path);
  expect(await listLinkedAccounts(ctx, OPERATOR_ACTOR, 'mallory')).toEqual([]);
  await browsing.get(path);
  const again = await browsing.get(path);
  expect(again.location).toBe('/account/linked/');
  expect((await browsing.get('/account/linked/')).html).toContain('was already used or took too long');
  expect(await list()).toHaveLength(1);
});

it('refuses another user of a provider while one is linked', async () => {
  const browsing = await browseAs(place.server, 'alice');
  await linkInBrowser(place, browsing, 'gitlab');
  place.providers.of.gitlab.addUser('bob-there');
  place.providers.of.gitlab.visitor = 'bob-there';
  const seen = await linkInBrowser(place, browsing, 'gitlab');
  expect(seen.html).toContain('Your account is linked to alice-there of GitLab: unlink it first');
  expect(await list()).toMatchObject([{ login: 'alice-there' }]);
});

it('says that the user allowed less than was asked for', async () => {
  place.providers.of.github.allowedScope = 'read:user';
  const seen = await linkInBrowser(place, await browseAs(place.server, 'alice'), 'github');
  expect(seen.html).toContain('only with limited access: more was not allowed.');
  expect(await list()).toMatchObject([{ access: 'limited' }]);
});

it('says that the user did not allow the link', async () => {
  place.providers.of.github.visitor = 'nobody';
  const seen = await linkInBrowser(place, await browseAs(place.server, 'alice'), 'github');
  expect(seen.html).toContain('GitHub did not allow the link, or you cancelled it');
  expect(await list()).toEqual([]);
});

it('keeps the tokens of a deleted account until its hooks are gone, and then deletes them', async () => {
  const id = await linkAlice(place, 'github');
  const { user_id: userId } = (await ctx.db<{ id: number; user_id: number }>('linked_accounts').where({ id }))[0]!;
  await ctx.db('namespaces').where({ owner_id: userId }).delete();
  await ctx.db('users').where({ id: userId }).delete();
  expect(await ctx.db('linked_accounts').where({ id })).toMatchObject([{ user_id: null }]);
  await tendLinkedAccounts(ctx);
  expect(await ctx.db('linked_accounts')).toEqual([]);
});
