import { addressRule } from '../../src/platform/http/address-rules';
import { GuardedClient } from '../../src/platform/http/guarded-post';
import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { addTeamGroup } from '../../src/features/namespaces/team-groups';
import { link } from '../../src/features/openid/linking';
import type { OpenIdSettings } from '../../src/context';
import { jobsOf } from '../../src/jobs';
import { actorOf } from './actors';
import { addClient, codeOf, exchangeCode } from './oauth';
import { browseAs } from './browse';
import { startGitProviders, type StandIns } from './git-providers/stand-in';
import { linkInBrowser } from './linked-place';
import { startReceiver } from './receiver';
import { makeJobsDue, runDueJobs } from './run-jobs';
import { actingOn, type Act } from './showcase/act';
import { fillActivity } from './showcase/activity';
import { fillBuilds } from './showcase/builds';
import { fillLibrary } from './showcase/library';
import { fillOrganization } from './showcase/organization';
import { fillShop } from './showcase/shop';
import { fillToday } from './showcase/today';
import { addUser, startTestServer, type TestServer } from './test-server';

/*
 * A server that has been used for a while, for pages to show: official repositories; alice, who owns a shop and the
 * organization acme; bobby, carol and dave, who work with her; erin, who does not yet; and root, the administrator. All
 * of it was created through the API and the registry's protocol. The password of each is that of `addUser`.
 */

const PEOPLE = ['alice', 'bobby', 'carol', 'dave', 'erin'];

async function fillAccount(act: Act): Promise<void> {
  const profile = { full_name: 'Alice', location: 'Hamburg', company: 'Acme', profile_url: 'https://alice.example/' };
  await act('alice', 'PATCH', 'users/alice/', profile);
  await act('alice', 'POST', 'users/alice/emails/', { email: 'alice@example.org' });
  await act('alice', 'POST', 'users/alice/tokens/', { name: 'old host', access: 'read' });
  const expires = new Date(Date.now() + 90 * 86_400_000).toISOString();
  const limited = { name: 'build server', access: 'write', repositories: ['alice/shop'], expires_at: expires };
  await act('alice', 'POST', 'users/alice/tokens/', limited);
}

/** One webhook that works, and one whose receiver has trouble. */
async function fillWebhooks(server: TestServer, act: Act, receiver: string): Promise<void> {
  const hooks = 'repositories/alice/shop/webhooks/';
  for (const [name, path] of [
    ['deploy', 'deploy'],
    ['tests', 'broken'],
  ] as const) {
    const { id } = await act('alice', 'POST', hooks, { name, urls: [`${receiver}/${path}`] });
    for (let turn = 0; turn < 2; turn += 1) await act('alice', 'POST', `${hooks}${id as number}/test/`);
  }
  for (let turn = 0; turn < 2; turn += 1) {
    await makeJobsDue(server.database);
    await runDueJobs(server.database, jobsOf(server.ctx));
  }
}

async function fillOAuth(server: TestServer): Promise<void> {
  const client = await addClient(server);
  await exchangeCode(server, client, await codeOf(server, 'alice', client));
}

/** The provider whose button is on the page to sign in; nobody is at this address. */
const PROVIDER: OpenIdSettings = {
  issuer: 'https://login.example.com/realms/main',
  clientId: 'drydock',
  clientSecret: 'secret',
  name: 'Keycloak',
  scopes: 'openid profile email',
  usernameClaim: 'preferred_username',
  groupsClaim: 'groups',
  adminGroup: undefined,
  createsAccounts: true,
};

/** Alice has linked two accounts: one of a provider with repositories, and one that is no longer accepted. */
async function fillLinked(server: TestServer, providers: StandIns): Promise<void> {
  const { gitlab } = providers.of;
  for (const name of ['shop', 'blog', 'tools/report'])
    gitlab.addRepository(`alice-there/${name}`, { isPrivate: name === 'blog' });
  await linkInBrowser({ providers }, await browseAs(server, 'alice'), 'gitlab');
  const { db } = server.ctx;
  const alice = await db('users').where({ username: 'alice' }).first<{ id: number }>('id');
  await db('linked_accounts').insert({
    user_id: alice.id,
    provider: 'gitea',
    base_url: providers.settings.find(({ kind }) => kind === 'gitea')?.baseUrl,
    remote_id: '7',
    login: 'alice-there',
    access: 'full',
    sealed_tokens: Buffer.alloc(0),
    problem: 'Gitea no longer accepts the access that was given: link the account again',
  });
}

/** Alice is linked to a user of the provider, and a group of it is in the team of developers. */
async function fillSignIn(server: TestServer): Promise<void> {
  const user = { issuer: PROVIDER.issuer, subject: '4711', email: 'alice@example.com', calledName: 'alice' };
  const more = { isEmailVerified: true, groups: [], authenticatedAt: undefined };
  await link(server.ctx, await actorOf(server, 'alice'), 'alice', { ...user, ...more });
  await addTeamGroup(server.ctx, OPERATOR_ACTOR, { organization: 'acme', team: 'developers' }, '/acme/dev');
}

/** Starts a server and fills it. */
export async function startShowcase(): Promise<TestServer> {
  const receiver = await startReceiver(({ path }) =>
    path === '/deploy' ? { status: 200, body: 'thanks' } : { status: 503, body: 'the disk is full' },
  );
  const providers = await startGitProviders();
  const started = await startTestServer({
    guardedClient: new GuardedClient(addressRule(['127.0.0.1'])),
    settings: { openId: PROVIDER, gitProviders: providers.settings },
  });
  const close = async (): Promise<void> => {
    await started.close();
    await providers.close();
  };
  const server = { ...started, close };
  try {
    const act = actingOn(server);
    for (const username of PEOPLE) await addUser(server, username);
    await addUser(server, 'root', { isAdmin: true });
    await fillLibrary(server, act);
    await fillAccount(act);
    await fillShop(server, act);
    await fillToday(server);
    await fillBuilds(server, act);
    await fillOrganization(server, act);
    await fillWebhooks(server, act, receiver.url);
    await fillOAuth(server);
    await fillSignIn(server);
    await fillLinked(server, providers);
    await fillActivity(server.ctx);
    return server;
  } catch (error) {
    await server.close();
    throw error;
  } finally {
    await receiver.close();
  }
}
