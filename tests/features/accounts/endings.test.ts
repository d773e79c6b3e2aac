import request from 'supertest';
import { OPERATOR_ACTOR, type Actor, type RepositoryName } from '../../../src/features/access/actor';
import { createAccountToken } from '../../../src/features/accounts/own-access-tokens';
import { checkLinkSecret, createLinkSecret } from '../../../src/features/accounts/email-links';
import { FATES, type Ending, type Fate } from '../../../src/features/accounts/endings';
import { createSession, findSession } from '../../../src/features/accounts/sessions';
import { identityWithoutPassword } from '../../../src/features/accounts/users';
import { deleteUserAccount } from '../../../src/features/namespaces/account-deletion';
import { setStatus } from '../../../src/features/namespaces/account-status';
import { invite } from '../../../src/features/namespaces/invitations';
import { usableAccount } from '../../../src/features/builds/linked/linked-accounts';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { addMember, removeMember } from '../../../src/features/namespaces/team-members';
import { putTeam } from '../../../src/features/namespaces/teams';
import { findAccessToken } from '../../../src/features/oauth/grants';
import { signIn } from '../../../src/features/openid/sign-in';
import { findRepositoryAccess } from '../../../src/features/repositories/repository-access';
import { hashSecret, newSecret } from '../../../src/platform/secrets';
import { actorOf } from '../../helpers/actors';
import { createChain, pushImages, startPull } from '../../helpers/images';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { addComment, createWebhook, moveRepository, setStar, setTeamAccess } from '../../helpers/by-name';

/*
 * Each event of the table happens to sarah, who owns acme together with keeper, and then the test checks each of her
 * things. The repository acme/app is private; its former name is acme/old.
 */

type Thing = keyof typeof FATES;

const APP: RepositoryName = { namespace: 'acme', name: 'app' };

let server: TestServer;
let sarah: Actor;
let sarahId: number;
let bystander: Actor;
let works: Record<Thing, () => Promise<boolean>>;

async function exists(table: string, where: object): Promise<boolean> {
  return (await server.ctx.db(table).where(where).first<object | undefined>()) !== undefined;
}

const answers = async (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    (value) => value !== undefined,
    () => false,
  );

const logsIn = async (authorization: string): Promise<boolean> =>
  (await request(server.server).get('/v1/users').set('Authorization', authorization)).status === 200;

beforeEach(async () => {
  server = await startTestServer();
  for (const name of ['sarah', 'keeper', 'bystander']) await addUser(server, name);
  [sarah, bystander] = [await actorOf(server, 'sarah'), await actorOf(server, 'bystander')];
  const identity = await identityWithoutPassword(server.ctx, 'sarah');
  sarahId = identity.userId;
  await createOrganization(server.ctx, sarah, 'acme');
  await addMember(server.ctx, OPERATOR_ACTOR, { organization: 'acme', team: 'owners' }, 'keeper');
  await pushImages(server, 'acme/old', createChain(1), { user: 'sarah' });
  await moveRepository(server.ctx, sarah, { namespace: 'acme', name: 'old' }, APP);
  await pushImages(server, 'bystander/liked', createChain(1), { user: 'bystander' });
  works = { ...(await addThings()), ...(await addCredentials(identity)) };
  await server.ctx.db('repositories').where({ name: 'app' }).update({ visibility: 'private' });
});
afterEach(() => server.close());

type Things = Partial<Record<Thing, () => Promise<boolean>>>;

async function addThings() {
  const { ctx } = server;
  const hook = await createWebhook(ctx, sarah, APP, { name: 'ci', urls: ['http://203.0.113.9/'] });
  await ctx.db('webhook_deliveries').insert({
    webhook_id: hook.id,
    run: '7d444840-9dc0-11d1-b245-5ffdce74fad2',
    position: 0,
    urls: ['http://203.0.113.9/'],
    event: 'push',
    body: '{}',
    callback_hash: 'x',
  });
  await putTeam(ctx, sarah, 'acme', { name: 'builders', description: '' });
  await setTeamAccess(ctx, sarah, APP, { team: 'builders', access: 'read' });
  const invitation = await invite(
    ctx,
    sarah,
    { organization: 'acme', team: 'builders' },
    {
      email: 'friend@example.com',
    },
  );
  const { id: repositoryId } = await ctx.db('repositories').where({ name: 'app' }).first<{ id: number }>('id');
  const other = await ctx.db('users').where({ username: 'bystander' }).first<{ id: number }>('id');
  await ctx.db('collaborators').insert({ repository_id: repositoryId, user_id: other.id });
  await createOrganization(ctx, OPERATOR_ACTOR, 'others', { owner: 'keeper' });
  await putTeam(ctx, await actorOf(server, 'keeper'), 'others', { name: 'guests', description: '' });
  await addMember(ctx, OPERATOR_ACTOR, { organization: 'others', team: 'guests' }, 'sarah');
  const liked = { namespace: 'bystander', name: 'liked' };
  await setStar(ctx, sarah, liked, true);
  await addComment(ctx, sarah, liked, 'Thank you');
  return {
    'webhook that it made': () => exists('webhooks', { id: hook.id, is_active: true }),
    'delivery that waits': () => exists('webhook_deliveries', { state: 'pending' }),
    'invitation that it sent': () => exists('invitations', { id: invitation.id }),
    'collaboration of another in the repository': () => exists('collaborators', { repository_id: repositoryId }),
    'access of a team to the repository': () => exists('team_repositories', { repository_id: repositoryId }),
    'membership in another team': async () =>
      (await exists('users', { id: sarahId, is_active: true })) &&
      (
        await ctx.db.raw<{ rows: object[] }>(
          `select 1 from team_members m join teams t on t.id = m.team_id where t.name = 'guests' and m.user_id = ?`,
          [sarahId],
        )
      ).rows.length > 0,
    star: () => exists('stars', { user_id: sarahId }),
    comment: () => exists('comments', { author_id: sarahId }),
    'former name of the repository': () => exists('repository_aliases', { namespace: 'acme', name: 'old' }),
  } satisfies Things;
}

const AT_PROVIDER = {
  issuer: 'https://login.example.com',
  subject: 'sarah',
  email: undefined,
  isEmailVerified: false,
  calledName: 'sarah',
  groups: [],
  authenticatedAt: undefined,
};

async function addCredentials(identity: Awaited<ReturnType<typeof identityWithoutPassword>>) {
  const { ctx } = server;
  const doer = { userId: sarahId, name: 'sarah', address: '::1' };
  const { secret: session } = await createSession(ctx, identity, doer, 'test');
  const { secret: token } = await createAccountToken(ctx, OPERATOR_ACTOR, 'sarah', { name: 'ci', access: 'read' });
  const email = await ctx
    .db('emails')
    .insert({ user_id: sarahId, email: 'new@example.com' })
    .returning<{ id: number }[]>('id');
  const emailId = email[0]?.id ?? 0;
  const primary = await ctx.db('emails').where({ user_id: sarahId, is_primary: true }).first<{ id: number }>('id');
  const reset = await createLinkSecret(ctx, 'reset', primary.id);
  const confirm = await createLinkSecret(ctx, 'confirm', emailId);
  const oauth = newSecret();
  const [client] = await ctx
    .db('oauth_clients')
    .insert({ client_id: 'c', secret_hash: Buffer.alloc(32), name: 'c', redirect_uris: ['https://c.example/'] })
    .returning<{ id: number }[]>('id');
  await ctx.db('oauth_tokens').insert({
    access_hash: hashSecret(oauth),
    refresh_hash: hashSecret(newSecret()),
    client_id: client?.id,
    user_id: sarahId,
    credentials_epoch: identity.credentialsEpoch,
    scopes: ['repo_read'],
    access_expires_at: new Date(Date.now() + 3_600_000),
    refresh_expires_at: new Date(Date.now() + 3_600_000),
  });
  const { issuer, subject } = AT_PROVIDER;
  await ctx.db('openid_identities').insert({ user_id: sarahId, issuer, subject });
  const [linked] = await ctx
    .db('linked_accounts')
    .insert({
      user_id: sarahId,
      provider: 'github',
      base_url: 'https://github.com',
      remote_id: '1',
      login: 'sarah-there',
      access: 'full',
      sealed_tokens: Buffer.alloc(0),
    })
    .returning<{ id: number }[]>('id');
  const engine = await startPull(server, 'acme/app', 'sarah');
  return {
    password: () => logsIn(basic('sarah')),
    session: () => answers(findSession(ctx, session)),
    'access token': () => logsIn(basic('sarah', token)),
    'linked sign-in': async () => {
      const browser = { address: '::1', userAgent: 'test' };
      return answers(signIn(ctx, AT_PROVIDER, browser).then(({ kind }) => (kind === 'done' ? kind : undefined)));
    },
    'linked account at a git provider': () =>
      answers(actorOf(server, 'sarah').then((actor) => usableAccount(ctx, actor, 'sarah', linked?.id ?? 0))),
    'OAuth access': () => answers(findAccessToken(ctx, oauth)),
    'engine token for the repository': async () =>
      (await request(server.server).get('/v1/repositories/acme/app/tags').set('Authorization', engine)).status === 200,
    'link to set a password': () => answers(checkLinkSecret(ctx, 'reset', reset)),
    'link to confirm an address': () => answers(checkLinkSecret(ctx, 'confirm', confirm)),
  } satisfies Things;
}

const EVENTS: Record<Ending, () => Promise<unknown>> = {
  transfer: async () => {
    await createOrganization(server.ctx, bystander, 'buyer');
    await moveRepository(server.ctx, OPERATOR_ACTOR, APP, { namespace: 'buyer', name: 'app' });
  },
  'role lost': () => removeMember(server.ctx, OPERATOR_ACTOR, { organization: 'acme', team: 'owners' }, 'sarah'),
  deactivation: () => setStatus(server.ctx, OPERATOR_ACTOR, 'sarah', { isActive: false }),
  deletion: () => deleteUserAccount(server.ctx, OPERATOR_ACTOR, 'sarah'),
};

async function look(): Promise<Record<string, boolean>> {
  const seen: Record<string, boolean> = {};
  for (const [thing, isGood] of Object.entries(works)) seen[thing] = await isGood();
  return seen;
}

function expected(event: Ending, isGood: (fate: Fate) => boolean): Record<string, boolean> {
  return Object.fromEntries(Object.entries(FATES).map(([thing, fates]) => [thing, isGood(fates[event])]));
}

it('everything works before', async () => {
  expect(await look()).toEqual(expected('transfer', () => true));
});

it.each(Object.keys(EVENTS) as Ending[])('%s ends what the table says, and nothing else (R213)', async (event) => {
  await EVENTS[event]();
  expect(await look()).toEqual(expected(event, (fate) => fate === 'stays'));
  if (event !== 'deactivation') return;
  await setStatus(server.ctx, OPERATOR_ACTOR, 'sarah', { isActive: true });
  expect(await look()).toEqual(expected(event, (fate) => fate !== 'ends'));
});

it('the webhook of a former owner is not notified of pushes, and only owners learn that it is disabled', async () => {
  await EVENTS['role lost']();
  const { rows: mails } = await server.ctx.db.raw<{ rows: { payload: object }[] }>(
    'select payload from graphile_worker._private_jobs',
  );
  const keeper = await server.ctx.db('users').where({ username: 'keeper' }).first<{ id: number }>('id');
  const about = mails.filter(({ payload }) => JSON.stringify(payload).includes('The webhook ci of acme/app'));
  expect(about.map(({ payload }) => payload)).toMatchObject([{ userId: keeper.id }]);
  expect((await findRepositoryAccess(server.ctx, bystander, APP)).repository?.role).toBe('write');
});
