import request from 'supertest';
import { basicActor, OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { beginSecondFactor, confirmSecondFactor } from '../../../src/features/accounts/second-factor';
import { identityWithoutPassword } from '../../../src/features/accounts/users';
import { setStatus } from '../../../src/features/namespaces/account-status';
import { followTeamGroups } from '../../../src/features/namespaces/team-group-members';
import { addTeamGroup } from '../../../src/features/namespaces/team-groups';
import { putTeam } from '../../../src/features/namespaces/teams';
import { insertMember, lockTeam } from '../../../src/features/namespaces/teams.store';
import type { ProviderUser } from '../../../src/features/openid/claims';
import { assertOwnLogin } from '../../../src/features/openid/confirm';
import { link, listLinked, unlink } from '../../../src/features/openid/linking';
import { inTransaction, type Db } from '../../../src/platform/db/db';
import { askApi } from '../../helpers/api-client';
import { browseAs, Browsing, type Seen } from '../../helpers/browse';
import { startOpenIdProvider, type TestProvider, type UserClaims } from '../../helpers/openid-provider';
import { untilOneWaits } from '../../helpers/lock-waits';
import { codeOf } from '../../helpers/second-factor';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let provider: TestProvider;
let server: TestServer;
beforeAll(async () => {
  provider = await startOpenIdProvider({ adminGroup: 'hub-admins' });
  server = await startTestServer({ settings: { openId: provider.settings } });
  await provider.serves(server.url);
  for (const username of ['alice', 'robert', 'carol', 'dora']) await addUser(server, username);
});
afterAll(async () => {
  await server.close();
  await provider.close();
});
beforeEach(() => server.ctx.db('failure_counts').delete());

const TO_PROVIDER = '/account/login/oidc/';
const PASSWORD_PAGE = '/account/password/';

const fieldIn = (html: string, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? '';

const eventsOf = async (subject: string): Promise<string[]> =>
  (await server.ctx.db('audit_events').where({ subject }).orderBy('id').select('action')).map(({ action }) => action);

const lastDetails = async (action: string): Promise<unknown> =>
  (await server.ctx.db('audit_events').where({ action }).orderBy('id', 'desc').first('details')).details;

const ofProvider = (subject: string): ProviderUser => ({
  issuer: provider.issuer,
  subject,
  email: undefined,
  isEmailVerified: false,
  calledName: '',
  groups: [],
  authenticatedAt: undefined,
});

/** A user goes to the provider, logs in there and comes back. */
async function comeBack(browser: Browsing, sub: string, query = ''): Promise<Seen> {
  return provider.visit(browser, await browser.get(TO_PROVIDER + query), { login: sub });
}

/** Sends the form to create an account. */
async function create(browser: Browsing, page: Seen, fields: Readonly<Record<string, string>>): Promise<Seen> {
  const hidden = { csrf_token: fieldIn(page.html, 'csrf_token'), ticket: fieldIn(page.html, 'ticket') };
  return browser.post('/account/login/oidc/create/', { ...hidden, next: fieldIn(page.html, 'next'), ...fields });
}

/** A browser in which a user of the provider has just created an account. */
async function newUser(sub: string, username: string, claims: UserClaims = {}): Promise<Browsing> {
  provider.users.set(sub, { preferred_username: username, ...claims });
  const browser = new Browsing(server.server);
  const created = await create(browser, await comeBack(browser, sub), { username });
  expect(created).toMatchObject({ status: 303, location: '/dashboard/' });
  return browser;
}

/** A browser in which a user of the provider has signed in again. */
async function signedIn(sub: string, claims?: UserClaims): Promise<Browsing> {
  if (claims !== undefined) provider.users.set(sub, claims);
  const browser = new Browsing(server.server);
  expect(await comeBack(browser, sub)).toMatchObject({ status: 303, location: '/dashboard/' });
  return browser;
}

describe('a user of the provider without an account', () => {
  it('chooses a username, goes to the page that they wanted, and later signs in at once', async () => {
    provider.users.set('sub-1', { preferred_username: 'Zoë.Meier', email: 'zoe@example.com', email_verified: true });
    const browser = new Browsing(server.server);
    const login = await browser.get('/account/login/?next=/organizations/');
    expect(login.html).toContain('href="/account/login/oidc/?next=%2Forganizations%2F"');
    const page = await comeBack(browser, 'sub-1', '?next=/organizations/');
    expect([page.status, fieldIn(page.html, 'next')]).toEqual([200, '/organizations/']);
    expect(page.html).toContain('value="zoe-meier"');
    const created = await create(browser, page, { username: 'zoe' });
    expect(created).toMatchObject({ status: 303, location: '/organizations/' });
    expect((await browser.get('/organizations/')).html).toContain('Welcome, zoe. Your account was created.');
    expect((await browser.get('/account/emails/')).html).toContain('zoe@example.com');
    expect(await eventsOf('zoe')).toEqual(['user.registered', 'login.ok', 'session.started']);
    expect(await lastDetails('session.started')).toEqual({ by: 'openid' });
    const row = await server.ctx.db('emails').where({ email: 'zoe@example.com' }).first('verified_at', 'is_primary');
    expect(row).toMatchObject({ is_primary: true, verified_at: expect.any(Date) });
    await signedIn('sub-1');
  });

  it('keeps an address unconfirmed that the provider has not checked', async () => {
    await newUser('sub-2', 'unchecked', { email: 'unchecked@example.com', email_verified: false });
    const row = await server.ctx.db('emails').where({ email: 'unchecked@example.com' }).first('verified_at');
    expect(row).toEqual({ verified_at: null });
  });

  it('creates no more accounts for one mailbox than a registration with a password', async () => {
    const statuses: number[] = [];
    for (let number = 1; number <= 6; number += 1) {
      const sub = `sub-flood-${number}`;
      provider.users.set(sub, { email: `target+${number}@example.com`, email_verified: false });
      const browser = new Browsing(server.server);
      statuses.push((await create(browser, await comeBack(browser, sub), { username: `flood${number}` })).status);
    }
    expect(statuses.slice(0, 2)).toEqual([303, 303]);
    expect(statuses.at(-1)).toBe(429);
  });

  it('gets neither the account nor the address of a user who has the address here', async () => {
    provider.users.set('sub-3', { preferred_username: 'alice', email: 'alice@example.com', email_verified: true });
    const browser = new Browsing(server.server);
    const page = await comeBack(browser, 'sub-3');
    expect(page.html).toContain('An account here has the address alice@example.com.');
    expect(page.html).toContain('value="alice2"');
    expect(await create(browser, page, { username: 'alice-at-work' })).toMatchObject({ status: 303 });
    expect((await browser.get('/account/emails/')).html).not.toContain('alice@example.com');
  });

  it('cannot take a name that is taken, retired or not a name', async () => {
    await server.ctx.db('pushed_namespaces').insert({ name: 'long-gone' });
    provider.users.set('sub-4', { preferred_username: '!!' });
    const browser = new Browsing(server.server);
    let page = await comeBack(browser, 'sub-4');
    for (const [username, status, words] of [
      ['alice', 409, 'This username is taken: choose another one'],
      ['long-gone', 409, 'The name long-gone belonged to a deleted account'],
      ['No Name', 400, 'A username has 2 to 255 lowercase letters'],
      ['', 400, 'Enter a username'],
    ] as const) {
      page = await create(browser, page, { username });
      expect([page.status, page.html]).toEqual([status, expect.stringContaining(words)]);
    }
    expect(await create(browser, page, { username: 'at-last' })).toMatchObject({ status: 303 });
  });

  it('cannot use a form twice, or one that was changed', async () => {
    provider.users.set('sub-5', { preferred_username: 'once' });
    const browser = new Browsing(server.server);
    const page = await comeBack(browser, 'sub-5');
    const ticket = fieldIn(page.html, 'ticket');
    const changed = await create(browser, page, { username: 'once', ticket: `${ticket.slice(0, -4)}AAAA` });
    expect([changed.status, changed.html]).toEqual([400, expect.stringContaining('That took too long')]);
    const other = new Browsing(server.server);
    const again = await comeBack(other, 'sub-5');
    expect(await create(browser, page, { username: 'once' })).toMatchObject({ status: 303 });
    const second = await create(other, again, { username: 'twice' });
    expect([second.status, second.html]).toEqual([
      409,
      expect.stringContaining('You have an account here already: sign in again'),
    ]);
    expect(await server.ctx.db('users').where({ username: 'twice' })).toEqual([]);
  });
});

describe('an account without a password', () => {
  it('confirms with the provider, and lets engines and curl in with an access token', async () => {
    const browser = await newUser('sub-6', 'tokens');
    expect((await browser.get(PASSWORD_PAGE)).html).toContain('Engines and curl log in with an');
    const asked = await browser.send('/account/tokens/', { name: 'laptop', access: 'write' });
    expect([asked.status, asked.html]).toEqual([403, expect.stringContaining('Sign in with Keycloak again')]);
    const back = await comeBack(browser, 'sub-6', '?for=confirm&next=/account/tokens/');
    expect(back).toMatchObject({ status: 303, location: '/account/tokens/' });
    const made = await browser.send('/account/tokens/', { name: 'laptop', access: 'write' });
    const token = /<code[^>]*>([^<\s]{20,})<\/code>/.exec(made.html)?.[1] ?? '';
    await request(server.server).get('/v1/users/').set('Authorization', basic('tokens', token)).expect(200);
    for (const password of ['*', 'x', 'tokenspw']) {
      await request(server.server).get('/v1/users/').set('Authorization', basic('tokens', password)).expect(401);
    }
    expect(await eventsOf('tokens')).toContain('session.confirmed');
  });

  it('is not confirmed by another user of the provider', async () => {
    const browser = await newUser('sub-7', 'victim');
    provider.users.set('sub-8', { preferred_username: 'attacker' });
    expect(await comeBack(browser, 'sub-8', '?for=confirm')).toMatchObject({ status: 303, location: PASSWORD_PAGE });
    expect((await browser.get(PASSWORD_PAGE)).html).toContain('as a user who is not linked to victim');
    expect(await eventsOf('victim')).not.toContain('session.confirmed');
  });

  it('is confirmed only by a login at the provider that is known to be new', async () => {
    const browser = await newUser('sub-17', 'walkaway');
    await server.ctx.db('sessions').update({ authenticated_at: null });
    provider.tamper = (req) => {
      req.url = req.url?.replace(/&(prompt|max_age)=[^&]+/g, '');
    };
    expect(await comeBack(browser, 'sub-17', '?for=confirm')).toMatchObject({ status: 303, location: PASSWORD_PAGE });
    provider.tamper = undefined;
    const said = (await browser.get(PASSWORD_PAGE)).html;
    expect(said).toContain('Keycloak does not say when you logged in there, so it cannot confirm that it is you.');
    expect(said).toContain('Set a password by email');
    expect(await eventsOf('walkaway')).not.toContain('session.confirmed');

    const { userId } = await identityWithoutPassword(server.ctx, 'walkaway');
    const own = { userId, username: 'walkaway' };
    const loggedInAt = (authenticatedAt: number): Promise<void> =>
      assertOwnLogin(server.ctx, own, { ...ofProvider('sub-17'), authenticatedAt });
    const now = Math.floor(Date.now() / 1000);
    await expect(loggedInAt(now - 700)).rejects.toThrow('Keycloak did not ask you to log in again.');
    await expect(loggedInAt(now - 60)).resolves.toBeUndefined();
  });

  it('keeps its only way to sign in until it has a password', async () => {
    const browser = await newUser('sub-9', 'only');
    await comeBack(browser, 'sub-9', '?for=confirm');
    const id = /name="id" value="(\d+)"/.exec((await browser.get(PASSWORD_PAGE)).html)?.[1] ?? '';
    await browser.send('/account/sign-ins/unlink/', { id }, PASSWORD_PAGE);
    expect((await browser.get(PASSWORD_PAGE)).html).toContain('only has no password, and could no longer sign in');
    const set = await browser.send(PASSWORD_PAGE, { password: 'a new secret' });
    expect(set).toMatchObject({ status: 303, location: '/account/login/' });
    const again = new Browsing(server.server);
    await again.send('/account/login/', { username: 'only', password: 'a new secret' });
    await again.send('/account/sign-ins/unlink/', { id }, PASSWORD_PAGE);
    expect((await again.get(PASSWORD_PAGE)).html).toContain('The sign-in was unlinked.');
    expect(await eventsOf('only')).toContain('sign_in.unlinked');
    expect((await comeBack(new Browsing(server.server), 'sub-9')).html).toContain('Create your account');
  });
});

describe('a user who has an account', () => {
  it('links it after the password, and signs in with either', async () => {
    const browser = await browseAs(server, 'robert');
    await server.ctx.db('sessions').update({ authenticated_at: null });
    provider.users.set('sub-10', { email: 'robert@work.example.com', email_verified: true });
    const page = await comeBack(browser, 'sub-10', `?for=link&next=${PASSWORD_PAGE}`);
    expect(page.html).toContain('robert@work.example.com');
    const form = {
      csrf_token: fieldIn(page.html, 'csrf_token'),
      ticket: fieldIn(page.html, 'ticket'),
      next: PASSWORD_PAGE,
    };
    const LINK = '/account/sign-ins/link/';
    expect((await browser.post(LINK, form)).html).toContain('Confirm your password');
    expect(await browser.post(LINK, { ...form, confirm_password: 'robertpw' })).toMatchObject({
      status: 303,
      location: PASSWORD_PAGE,
    });
    expect((await browser.get(PASSWORD_PAGE)).html).toContain('Your account is linked to Keycloak.');
    expect(await lastDetails('sign_in.linked')).toEqual({ issuer: provider.issuer });
    expect((await (await signedIn('sub-10')).get('/account/settings/')).html).toContain('robert');
    const carol = await browseAs(server, 'carol');
    const taken = await comeBack(carol, 'sub-10', '?for=link');
    const answer = await carol.post(LINK, {
      csrf_token: fieldIn(taken.html, 'csrf_token'),
      ticket: fieldIn(taken.html, 'ticket'),
    });
    expect([answer.status, answer.html]).toEqual([
      409,
      expect.stringContaining('This user of Keycloak is linked already'),
    ]);
  });

  it('is asked for the code of a second factor that is on here', async () => {
    await newUser('sub-11', 'careful');
    const identity = await identityWithoutPassword(server.ctx, 'careful');
    const actor = basicActor(identity, '::1');
    const { secret } = await beginSecondFactor(server.ctx, actor);
    const { recoveryCodes } = await confirmSecondFactor(server.ctx, actor, codeOf(secret));
    const browser = new Browsing(server.server);
    const page = await comeBack(browser, 'sub-11');
    expect(page.html).toContain('Second step');
    expect((await browser.get('/account/settings/')).status).toBe(303);
    const form = { csrf_token: fieldIn(page.html, 'csrf_token'), ticket: fieldIn(page.html, 'ticket'), next: '/' };
    expect((await browser.post('/account/login/code/', { ...form, code: '000000' })).status).toBe(400);
    const done = await browser.post('/account/login/code/', { ...form, code: recoveryCodes[0] ?? '' });
    expect(done).toMatchObject({ status: 303, location: '/' });
    // The provider did not say when the user logged in there, so the code alone does not confirm the session.
    expect(await lastDetails('session.started')).toEqual({ by: 'openid' });
    const { userId } = identity;
    expect(
      await server.ctx.db('sessions').where({ user_id: userId }).orderBy('id', 'desc').first('authenticated_at'),
    ).toEqual({ authenticated_at: null });
    await server.ctx.db('sessions').update({ authenticated_at: null });
    const again = await comeBack(browser, 'sub-11', '?for=confirm&next=/account/tokens/');
    const second = { csrf_token: fieldIn(again.html, 'csrf_token'), ticket: fieldIn(again.html, 'ticket') };
    const CONFIRM = '/account/login/oidc/confirm/';
    expect((await browser.post(CONFIRM, { ...second, code: '000000' })).status).toBe(400);
    const confirmed = { ...second, code: recoveryCodes[1] ?? '', next: '/account/tokens/' };
    expect(await browser.post(CONFIRM, confirmed)).toMatchObject({ status: 303, location: '/account/tokens/' });
    expect(await eventsOf('careful')).toContain('session.confirmed');
  });

  it('is refused while the account is not active', async () => {
    await newUser('sub-12', 'sleeper');
    await setStatus(server.ctx, OPERATOR_ACTOR, 'sleeper', { isActive: false });
    const browser = new Browsing(server.server);
    const refused = await comeBack(browser, 'sub-12');
    expect([refused.status, refused.html]).toEqual([403, expect.stringContaining('This account is not active.')]);
    expect((await browser.get('/account/settings/')).status).toBe(303);
    expect(await lastDetails('login.failed')).toEqual({ by: 'openid', reason: 'inactive' });
  });
});

describe('groups of the provider', () => {
  const membersOf = async (team: string): Promise<string[]> => {
    const rows = await server.ctx
      .db('team_members as m')
      .join('users as u', 'u.id', 'm.user_id')
      .join('teams as t', 't.id', 'm.team_id')
      .where({ 't.name': team })
      .orderBy('u.username')
      .select('u.username');
    return rows.map(({ username }) => String(username));
  };

  it('bring users into teams and out of them, and leave what a person decided', async () => {
    const owner = await browseAs(server, 'alice');
    await owner.send('/organizations/add/', { name: 'acme' });
    await addUser(server, 'sitey', { isAdmin: true });
    const TEAM = '/organizations/acme/teams/crew/';
    for (const name of ['crew', 'ops']) await owner.send('/organizations/acme/teams/', { name, description: '' });
    const site = await browseAs(server, 'sitey');
    await site.send(`${TEAM}groups/`, { group: '/dev' }, TEAM);
    for (const group of ['ops', 'owners']) {
      await addTeamGroup(server.ctx, OPERATOR_ACTOR, { organization: 'acme', team: group }, group);
    }
    expect(await eventsOf('acme/crew')).toEqual(['team.created', 'team.group_mapped']);
    await owner.send(`${TEAM}groups/`, { group: 'all-of-the-company' }, TEAM);
    const refused = (await owner.get(TEAM)).html;
    expect(refused).toContain('Only site administrators can add a group of the provider to a team');
    expect([refused.includes('>/dev<'), refused.includes('Add group')]).toEqual([true, false]);
    const outsider = await browseAs(server, 'carol');
    expect((await outsider.send(`${TEAM}groups/`, { group: 'mine' }, '/dashboard/')).status).toBe(403);

    await newUser('sub-13', 'gina', { groups: ['/dev', 'other'] });
    expect([await membersOf('crew'), await membersOf('ops')]).toEqual([['gina'], []]);
    expect(await lastDetails('team.member_added')).toEqual({ member: 'gina', group: '/dev' });
    expect((await owner.get(TEAM)).html).toContain('group /dev');
    await signedIn('sub-13', { groups: ['ops', 'owners', 'hub-admins'] });
    expect([await membersOf('crew'), await membersOf('ops')]).toEqual([[], ['gina']]);
    expect(await membersOf('owners')).toEqual(['alice', 'gina']);
    expect(await lastDetails('team.member_removed')).toEqual({ member: 'gina', group: '/dev' });
    expect(await server.ctx.db('users').where({ username: 'gina' }).first('is_admin')).toEqual({ is_admin: true });
    await setStatus(server.ctx, OPERATOR_ACTOR, 'sitey', { isAdmin: false });

    // A person adds her to the crew; the groups are gone, and alice too, so that gina is the last owner and administrator.
    await setStatus(server.ctx, OPERATOR_ACTOR, 'dora', { isAdmin: true });
    await request(server.server)
      .put('/api/v1.1/orgs/acme/teams/crew/members/gina/')
      .set('Authorization', basic('dora'))
      .expect(204);
    await setStatus(server.ctx, OPERATOR_ACTOR, 'dora', { isAdmin: false });
    await owner.send(
      '/organizations/acme/teams/owners/remove/',
      { username: 'alice' },
      '/organizations/acme/teams/owners/',
    );
    await signedIn('sub-13', {});
    expect([await membersOf('crew'), await membersOf('ops'), await membersOf('owners')]).toEqual([
      ['gina'],
      [],
      ['gina'],
    ]);
    expect(await server.ctx.db('users').where({ username: 'gina' }).first('is_admin')).toEqual({ is_admin: true });

    await setStatus(server.ctx, OPERATOR_ACTOR, 'dora', { isAdmin: true });
    await signedIn('sub-13', {
      _claim_names: { groups: 'src1' },
      _claim_sources: { src1: { endpoint: 'https://login.example.com/groups' } },
    });
    expect(await server.ctx.db('users').where({ username: 'gina' }).first('is_admin')).toEqual({ is_admin: true });
    await signedIn('sub-13', { groups: [] });
    expect(await server.ctx.db('users').where({ username: 'gina' }).first('is_admin')).toEqual({ is_admin: false });
  });

  it('give nothing after the sign-in is unlinked', async () => {
    const isAdmin = async (): Promise<unknown> => server.ctx.db('users').where({ username: 'leila' }).first('is_admin');
    await addUser(server, 'leila');
    await putTeam(server.ctx, OPERATOR_ACTOR, 'acme', { name: 'guests', description: '' });
    const place = { organization: 'acme', team: 'guests' };
    await addTeamGroup(server.ctx, OPERATOR_ACTOR, place, 'guests');
    const leila = { ...ofProvider('sub-18'), groups: ['guests', 'hub-admins'] };
    const own = basicActor(await identityWithoutPassword(server.ctx, 'leila'), '::1');
    for (const adminGroup of ['hub-admins', undefined]) {
      await link(server.ctx, own, 'leila', leila);
      expect([await membersOf('guests'), await isAdmin()]).toEqual([['leila'], { is_admin: true }]);
      const openId = { ...provider.settings, adminGroup };
      const [linked] = await listLinked(server.ctx, own, 'leila');
      const ctx = { ...server.ctx, settings: { ...server.ctx.settings, openId } };
      await unlink(ctx, own, 'leila', linked?.id ?? 0);
      expect([await membersOf('guests'), await isAdmin()]).toEqual([[], { is_admin: false }]);
    }
    expect((await eventsOf('leila')).slice(-2)).toEqual(['sign_in.unlinked', 'user.admin_revoked']);
  });

  it('leave a team as others change it while a sign-in waits for its lock', async () => {
    const { db } = server.ctx;
    await addUser(server, 'rita');
    const { userId } = await identityWithoutPassword(server.ctx, 'rita');
    const doer = { userId, name: 'rita', address: '::1' };
    const [team, reason] = [{ name: 'guests' }, { group_name: 'guests' }];
    const { id: teamId } = await db('teams').where(team).first('id');
    const follow = (groups: readonly string[]): Promise<void> =>
      inTransaction(db, (tx) => followTeamGroups(tx, { userId, username: 'rita' }, groups, doer));
    const meanwhile = async (groups: readonly string[], change: (tx: Db) => Promise<unknown>): Promise<void> => {
      let following: Promise<void> | undefined;
      await inTransaction(db, async (tx) => {
        await lockTeam(tx, teamId);
        following = follow(groups);
        await untilOneWaits(db);
        await change(tx);
      });
      await following;
    };
    await meanwhile(['guests'], (tx) => tx('team_groups').where(reason).delete());
    expect(await membersOf('guests')).toEqual([]);
    await addTeamGroup(server.ctx, OPERATOR_ACTOR, { organization: 'acme', team: 'guests' }, 'guests');
    await follow(['guests']);
    await meanwhile([], (tx) => insertMember(tx, teamId, userId));
    expect(await membersOf('guests')).toEqual(['rita']);
  });

  it('come along in a form however many they are, and change nothing when there are too many', async () => {
    const many = Array.from({ length: 1999 }, (_value, index) => `${'g'.repeat(200)}${index}`);
    await newUser('sub-19', 'hanna', { groups: [...many, 'guests'] });
    expect(await membersOf('guests')).toContain('hanna');
    await signedIn('sub-19', { groups: [...many, 'one', 'two'] });
    expect(await membersOf('guests')).toContain('hanna');
    await signedIn('sub-19', { groups: ['one', 'two'] });
    expect(await membersOf('guests')).not.toContain('hanna');
  });

  it('are managed over the API, and take their members along when they are removed', async () => {
    const GROUPS = '/api/v1.1/orgs/beta/teams/crew/groups/';
    const ask = (method: Parameters<typeof askApi>[1], path: string, body?: object) =>
      askApi(server, method, path, { as: 'robert', body });
    const statusOf = async (...asked: Parameters<typeof ask>): Promise<number> => (await ask(...asked)).status;
    expect(await statusOf('post', '/api/v1.1/orgs/', { name: 'beta' })).toBe(201);
    expect(await statusOf('put', '/api/v1.1/orgs/beta/teams/crew/', {})).toBe(201);
    const refused = await ask('post', GROUPS, { group: 'builders' });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      403,
      expect.stringContaining('Only site administrators can add a group of the provider to a team'),
    ]);
    await setStatus(server.ctx, OPERATOR_ACTOR, 'robert', { isAdmin: true });
    expect(await statusOf('post', GROUPS, { group: 'builders' })).toBe(204);
    expect(await statusOf('post', GROUPS, { group: '' })).toBe(400);
    const { team_id: teamId } = await server.ctx.db('team_groups').where({ group_name: 'builders' }).first('team_id');
    const more = Array.from({ length: 49 }, (_value, index) => ({ team_id: teamId, group_name: `more-${index}` }));
    await server.ctx.db('team_groups').insert(more);
    expect(await statusOf('post', GROUPS, { group: 'builders' })).toBe(204);
    expect(await statusOf('post', GROUPS, { group: 'one too many' })).toBe(409);
    await server.ctx.db('team_groups').where('group_name', 'like', 'more-%').delete();
    await setStatus(server.ctx, OPERATOR_ACTOR, 'robert', { isAdmin: false });
    expect((await ask('get', GROUPS)).body).toMatchObject({ count: 1, results: [{ name: 'builders' }] });
    await newUser('sub-14', 'bill', { groups: 'builders' });
    const MEMBERS = '/api/v1.1/orgs/beta/teams/crew/members/';
    expect((await ask('get', MEMBERS)).body.results).toMatchObject([{ username: 'bill', group: 'builders' }]);
    expect(await statusOf('delete', GROUPS, { group: 'nobody' })).toBe(404);
    expect(await statusOf('delete', GROUPS, { group: 'builders' })).toBe(204);
    expect((await ask('get', MEMBERS)).body.results).toEqual([]);
  });
});

describe('an answer that is not to this sign-in', () => {
  const refusedAt = async (browser: Browsing, path: string): Promise<readonly [number, string]> => {
    const { status, html } = await browser.get(path);
    expect((await browser.get('/account/settings/')).status).toBe(303);
    return [status, html];
  };
  const pathOf = (url: string): string => new URL(url).pathname + new URL(url).search;

  it('is refused with another state, in another browser, and a second time', async () => {
    await newUser('sub-15', 'steady');
    const browser = new Browsing(server.server);
    const NOT_BEGUN = expect.stringContaining('This sign-in did not begin in this browser');
    expect(await refusedAt(browser, '/account/login/oidc/callback?code=x&state=y')).toEqual([400, NOT_BEGUN]);
    const back = pathOf(await provider.wayBack(await browser.get(TO_PROVIDER), { login: 'sub-15' }));
    expect(await refusedAt(new Browsing(server.server), back)).toEqual([400, NOT_BEGUN]);
    expect(await refusedAt(browser, back.replace(/state=[^&]+/, 'state=another'))).toEqual([400, NOT_BEGUN]);
    const kept = browser.cookie('drydock_oidc') ?? '';
    expect((await browser.get(back)).status).toBe(303);
    expect(browser.cookie('drydock_oidc')).toBeUndefined();
    const thief = new Browsing(server.server);
    thief.setCookie('drydock_oidc', kept);
    const ALREADY = expect.stringContaining('This sign-in was already used or is too old');
    expect(await refusedAt(thief, back)).toEqual([400, ALREADY]);
  });

  it('is refused with another nonce, another issuer and without its verifier', async () => {
    const NOT_OURS = expect.stringContaining('The answer of Keycloak is not valid, or does not belong to this sign-in');
    const browser = new Browsing(server.server);
    provider.tamper = (req) => {
      req.url = req.url?.replace(/nonce=[^&]+/, 'nonce=another');
    };
    const nonce = pathOf(await provider.wayBack(await browser.get(TO_PROVIDER), { login: 'sub-15' }));
    provider.tamper = undefined;
    expect(await refusedAt(browser, nonce)).toEqual([400, NOT_OURS]);
    const issuer = pathOf(await provider.wayBack(await browser.get(TO_PROVIDER), { login: 'sub-15' }));
    const mixed = issuer.replace(/iss=[^&]+/, 'iss=https%3A%2F%2Fevil.example.com');
    expect(mixed).not.toBe(issuer);
    expect(await refusedAt(browser, mixed)).toEqual([400, NOT_OURS]);
    provider.tamper = (req) => {
      req.url = req.url?.replace(/code_challenge=[^&]+/, `code_challenge=${'A'.repeat(43)}`);
    };
    const pkce = pathOf(await provider.wayBack(await browser.get(TO_PROVIDER), { login: 'sub-15' }));
    provider.tamper = undefined;
    expect((await refusedAt(browser, pkce))[0]).toBe(400);
  });

  it('says in words what the provider refused, and nothing of its texts', async () => {
    const browser = new Browsing(server.server);
    const doing = { error: 'access_denied', error_description: 'a secret of the provider' };
    const seen = await provider.visit(browser, await browser.get(TO_PROVIDER), doing);
    expect([seen.status, seen.html]).toEqual([
      400,
      expect.stringContaining('Keycloak did not let you sign in, or you cancelled.'),
    ]);
    expect(seen.html).not.toContain('a secret');
  });

  it('is counted, so that nobody makes this server ask the provider without end', async () => {
    const browser = new Browsing(server.server);
    await server.ctx.openIdLimiter.fail('127.0.0.1');
    await server.ctx
      .db('failure_counts')
      .update({ tries: 100, blocked_until: server.ctx.db.raw("now() + interval '1 minute'") });
    const seen = await comeBack(browser, 'sub-15');
    expect([seen.status, seen.html]).toEqual([429, expect.stringContaining('Too many failed sign-ins. Try again in')]);
  });

  it('leads to no other site', async () => {
    for (const next of ['https://evil.example.com/', '//evil.example.com/', '/\\evil.example.com/']) {
      const browser = new Browsing(server.server);
      const back = await comeBack(browser, 'sub-15', `?next=${encodeURIComponent(next)}`);
      expect(back).toMatchObject({ status: 303, location: '/dashboard/' });
    }
  });
});

describe('while the provider is down', () => {
  it('passwords go on working, and the page says why the button does not', async () => {
    const browser = new Browsing(server.server);
    const toProvider = await browser.get(TO_PROVIDER);
    const back = new URL(await provider.wayBack(toProvider, { login: 'sub-15' }));
    provider.isDown = true;
    const seen = await browser.get(back.pathname + back.search);
    provider.isDown = false;
    expect([seen.status, seen.html]).toEqual([503, expect.stringContaining('Keycloak cannot be reached')]);
    const login = { username: 'carol', password: 'carolpw', csrf_token: fieldIn(seen.html, 'csrf_token') };
    expect((await browser.post('/account/login/', login)).status).toBe(303);
  });

  it('a server starts, and says so at the first sign-in', async () => {
    const settings = { ...provider.settings, issuer: 'http://127.0.0.1:1', createsAccounts: false };
    const other = await startTestServer({ settings: { openId: settings } });
    const seen = await new Browsing(other.server).get(TO_PROVIDER);
    expect([seen.status, seen.html]).toEqual([503, expect.stringContaining('Keycloak cannot be reached')]);
    await other.close();
  });
});

it('without a provider there is no button, and no page', async () => {
  const other = await startTestServer();
  const browser = new Browsing(other.server);
  expect((await browser.get('/account/login/')).html).not.toContain('oidc');
  expect((await browser.get(TO_PROVIDER)).status).toBe(404);
  await other.close();
});

describe('a server that requires confirmed addresses, or lets nobody create an account', () => {
  const onOther = async (
    settings: Parameters<typeof startTestServer>[0],
    work: (other: TestServer) => Promise<void>,
  ) => {
    const other = await startTestServer(settings);
    await provider.serves(other.url);
    await work(other);
    await other.close();
  };

  it('asks for an address that the provider has not checked, and lets the account wait for it', async () => {
    const settings = { openId: provider.settings, confirmationRequired: true };
    provider.users.set('sub-16', { preferred_username: 'waiting', email: 'waiting@example.com' });
    await onOther({ settings }, async (other) => {
      const browser = new Browsing(other.server);
      const page = await comeBack(browser, 'sub-16');
      expect(page.html).toContain('We will send you a link to confirm it.');
      const created = await create(browser, page, { username: 'waiting', email: 'waiting@example.com' });
      expect([created.status, created.html]).toEqual([200, expect.stringContaining('Confirm your address')]);
      expect((await comeBack(new Browsing(other.server), 'sub-16')).status).toBe(403);
    });
  });

  it('refuses unknown users of the provider', async () => {
    const settings = { openId: { ...provider.settings, createsAccounts: false } };
    await onOther({ settings }, async (other) => {
      const seen = await comeBack(new Browsing(other.server), 'sub-16');
      expect([seen.status, seen.html]).toEqual([
        403,
        expect.stringContaining('No account is linked to this user of Keycloak.'),
      ]);
    });
  });
});
