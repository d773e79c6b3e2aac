import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createAccountToken } from '../../../src/features/accounts/own-access-tokens';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { EXPORTED_LISTS } from '../../../src/features/exports/own-data';
import { createRepository } from '../../../src/features/repositories/creation';
import { renameAccount } from '../../../src/features/repositories/renaming';
import { freeRetiredName } from '../../../src/features/repositories/retired-names';
import { actorOf } from '../../helpers/actors';
import { askApi } from '../../helpers/api-client';
import { browseAs } from '../../helpers/browse';
import { addCollaborator, addComment, createWebhook, setStar } from '../../helpers/by-name';
import { createChain, pushImages } from '../../helpers/images';
import { accessTokenOf } from '../../helpers/oauth';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { pushImage } from '../../helpers/v2-client';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
});
beforeEach(() => server.ctx.db('failure_counts').delete());
afterAll(() => server.close());

const PATH = '/api/v1.1/users/alice/export/';
const named = (namespace: string, name: string) => ({ namespace, name });
const when = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);

it('has what belongs to the account, no secrets, and nothing private of others', async () => {
  const alice = await actorOf(server, 'alice');
  const robert = await actorOf(server, 'robert');
  const [image] = createChain(1);
  await pushImages(server, 'alice/app', [image!]);
  const { manifest } = await pushImage(server, 'alice/app', 'two');
  for (let n = 0; n < 450; n += 1)
    await server.ctx.db('tags').insert({ repository_id: 1, name: `t${n}`, image_id: image!.id });
  for (const name of ['open', 'hidden', 'shared'])
    await createRepository(server.ctx, robert, named('robert', name), 'public');
  for (const name of ['open', 'hidden']) {
    await setStar(server.ctx, alice, named('robert', name), true);
    await addComment(server.ctx, alice, named('robert', name), `about ${name}`);
  }
  await addCollaborator(server.ctx, robert, named('robert', 'shared'), 'alice');
  await addComment(server.ctx, robert, named('alice', 'app'), 'a comment of robert');
  await server.ctx
    .db('repositories')
    .whereIn('name', ['hidden', 'shared'])
    .update({ visibility: 'private', name: server.ctx.db.raw(`'secret-' || name`) });
  const { secret } = await createAccountToken(server.ctx, alice, 'alice', { name: 'ci', access: 'read' });
  await createAccountToken(server.ctx, robert, 'robert', { name: 'robert token', access: 'read' });
  const hook = { name: 'hook', urls: ['https://hooks.example.com/a'] };
  await createWebhook(server.ctx, alice, named('alice', 'app'), hook);
  await createWebhook(server.ctx, robert, named('robert', 'open'), { ...hook, urls: ['https://hooks.example.com/r'] });
  await createOrganization(server.ctx, alice, 'acme');
  const identity = { issuer: 'https://login.example.com', subject: 'a1' };
  await server.ctx.db('openid_identities').insert({ user_id: 1, ...identity });
  const linked = { provider: 'gitea', base_url: 'https://git.example.com', login: 'alice-there', access: 'full' };
  const sealed = { remote_id: '7', sealed_tokens: Buffer.from('sealed-tokens-of-alice') };
  await server.ctx.db('linked_accounts').insert({ user_id: 1, ...linked, ...sealed });
  await accessTokenOf(server, 'alice', 'profile_read');
  await askApi(server, 'get', PATH, { headers: { Authorization: basic('alice', 'wrong') } });

  const { status, body, headers, text } = await askApi(server, 'get', PATH, { as: 'alice' });
  expect([status, headers['content-disposition']]).toEqual([200, 'attachment; filename="alice.json"']);
  expect(Object.keys(body)).toEqual(['exported_at', 'account', ...Object.keys(EXPORTED_LISTS)]);
  expect(body.account).toMatchObject({ username: 'alice', plan: 'unlimited', former_names: [], created_at: when });
  expect(body.emails).toMatchObject([{ email: 'alice@example.com', is_primary: true, verified_at: when }]);
  expect(body.repositories).toMatchObject([{ name: 'alice/app', visibility: 'public', former_names: [] }]);
  const tag = { repository: 'alice/app', name: 'two', digest: manifest.digest };
  expect(body.tags).toEqual(expect.arrayContaining([expect.objectContaining(tag)]));
  expect(new Set(body.tags.map(({ name }: { name: string }) => name)).size).toBe(452);
  expect(body.tags).toHaveLength(452);
  expect(body.stars).toMatchObject([{ repository: 'robert/open' }, { repository: null }]);
  expect(body.comments).toMatchObject([
    { repository: 'robert/open', text: 'about open' },
    { repository: null, text: 'about hidden' },
  ]);
  expect(body.collaborations).toMatchObject([{ repository: 'robert/secret-shared', since: when }]);
  expect(body.teams).toMatchObject([{ organization: 'acme', team: 'owners', is_owner: true }]);
  expect(body.access_tokens).toMatchObject([{ name: 'ci', access: 'read', expires_at: null }]);
  expect(body.applications).toMatchObject([{ scopes: ['profile_read'] }]);
  expect(body.identities).toMatchObject([{ ...identity, email: null, created_at: when }]);
  expect(body.linked_accounts).toMatchObject([{ ...linked, user_id: '7', created_at: when, repositories: [] }]);
  expect(body.sessions.length).toBeGreaterThan(0);
  expect(body.webhooks).toMatchObject([{ repository: 'alice/app', name: 'hook', urls: hook.urls }]);
  const actions = (list: { action: string }[]) => list.map(({ action }) => action);
  expect(actions(body.events)).toEqual(expect.arrayContaining(['token.created', 'organization.created', 'star.added']));
  expect(actions(body.events_by_others)).toEqual(['user.created', 'login.failed']);
  expect(Object.keys(body.events_by_others[0])).toEqual(['at', 'action', 'subject']);

  const { rows } = await server.ctx.db.raw<{ rows: { secret: string }[] }>(
    `select password_hash as secret from users union all select secret from webhooks
     union all select encode(secret_hash, 'hex') from access_tokens union all select encode(secret_hash, 'hex') from sessions`,
  );
  const absent = [
    secret,
    'sealed-tokens-of-alice',
    sealed.sealed_tokens.toString('hex'),
    ...rows.map((row) => row.secret),
    'secret-hidden',
    'a comment of robert',
    'robert@example.com',
  ];
  for (const value of [...absent, 'robert token', 'hooks.example.com/r']) expect(text).not.toContain(value);
});

it('is for the account itself with its password, and five times an hour', async () => {
  const token = { name: 'admin', access: 'admin' } as const;
  const { secret } = await createAccountToken(server.ctx, await actorOf(server, 'alice'), 'alice', token);
  const ask = async (user: string, password = `${user}pw`) =>
    (await askApi(server, 'get', PATH, { headers: { Authorization: basic(user, password) } })).status;
  expect([await ask('alice', secret), await ask('robert')]).toEqual([403, 403]);
  const statuses = [];
  for (let n = 0; n < 6; n += 1) statuses.push(await ask('alice'));
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  const browser = await browseAs(server, 'alice');
  const refused = await browser.send('/account/data/', {});
  expect([refused.status, refused.html]).toEqual([429, expect.stringContaining('downloaded too often')]);
  await server.ctx.db('failure_counts').delete();
  const { status, html } = await browser.send('/account/data/', {});
  expect([status, JSON.parse(html).account.username]).toEqual([200, 'alice']);
});

it('has what others did to a name only as long as the account had it', async () => {
  const events = async (user: string, password: string): Promise<string[]> => {
    const headers = { Authorization: basic(user, password) };
    const { body } = await askApi(server, 'get', `/api/v1.1/users/${user}/export/`, { headers });
    return body.events_by_others.map(
      (event: { action: string; subject: string }) => `${event.action} ${event.subject}`,
    );
  };
  await addUser(server, 'first');
  await addUser(server, 'second');
  await askApi(server, 'get', PATH, { headers: { Authorization: basic('first', 'wrong') } });
  await renameAccount(server.ctx, OPERATOR_ACTOR, 'first', 'former');
  await freeRetiredName(server.ctx, OPERATOR_ACTOR, 'first');
  await renameAccount(server.ctx, OPERATOR_ACTOR, 'second', 'first');
  expect(await events('former', 'firstpw')).toEqual(['user.created first', 'login.failed first']);
  expect(await events('first', 'secondpw')).toEqual(['user.created second']);
});
