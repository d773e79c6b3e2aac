import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { createRepository } from '../../../src/features/repositories/creation';
import { actorOf } from '../../helpers/actors';
import { browseAs } from '../../helpers/browse';
import { createChain, pushImages } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const PATH = '/account/delete/';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'root', { isAdmin: true });
  await addUser(server, 'robert');
});
afterAll(() => server.close());

const exists = async (username: string) => (await server.ctx.db('users').where({ username })).length > 0;

it('an account is deleted with its repositories, which the page names, after its name was typed', async () => {
  await addUser(server, 'alice');
  await pushImages(server, 'alice/app', createChain(1));
  const names = Array.from({ length: 21 }, (_, index) => `many${String(index).padStart(2, '0')}`);
  for (const name of names) await createRepository(server.ctx, OPERATOR_ACTOR, { namespace: 'alice', name }, 'private');
  await createOrganization(server.ctx, await actorOf(server, 'robert'), 'acme');
  const browser = await browseAs(server, 'alice');
  const { html } = await browser.get(PATH);
  for (const text of ['22 repositories', 'href="/r/alice/app/settings/move/"', 'href="/u/alice/">2 more<'])
    expect(html).toContain(text);
  expect(html).not.toContain('acme');
  const wrong = await browser.send(PATH, { confirmation: 'alic' });
  expect([wrong.status, wrong.html]).toEqual([400, expect.stringContaining('This is not your username.')]);
  expect(await browser.send(PATH, { confirmation: 'alice' })).toMatchObject({ status: 303, location: '/' });
  expect(await exists('alice')).toBe(false);
  expect(await server.ctx.db('repositories').where({ namespace: 'alice' })).toEqual([]);
  expect(browser.cookie('drydock_session')).toBeUndefined();
  expect((await browser.get('/')).html).toContain('Your account was deleted.');
});

it('the only owner of an organization hands it over or deletes it first', async () => {
  await addUser(server, 'owner');
  await createOrganization(server.ctx, await actorOf(server, 'owner'), 'lonely');
  const browser = await browseAs(server, 'owner');
  const { html } = await browser.get(PATH);
  expect(html).toContain('You are the only active owner of <a href="/organizations/lonely/">lonely</a>');
  expect(html).toContain('href="/organizations/lonely/teams/owners/"');
  expect(html).not.toContain('name="confirmation"');
  const refused = await browser.send(PATH, { confirmation: 'owner' }, '/account/settings/');
  expect([refused.status, await exists('owner')]).toEqual([409, true]);
  await browser.send('/organizations/lonely/delete/', { confirmation: 'lonely' }, '/organizations/lonely/settings/');
  expect((await browser.send(PATH, { confirmation: 'owner' })).status).toBe(303);
});

it('the only administrator names another one first', async () => {
  const browser = await browseAs(server, 'root');
  expect((await browser.get(PATH)).html).toContain('You are the only active site administrator');
  expect((await browser.send(PATH, { confirmation: 'root' }, '/account/settings/')).status).toBe(409);
});

it('immutable tags are made mutable first', async () => {
  await addUser(server, 'keeper');
  await pushImages(server, 'keeper/app', createChain(1), { user: 'keeper' });
  await server.ctx
    .db('repositories')
    .where({ namespace: 'keeper' })
    .update({ immutable_tags: ['*'] });
  const browser = await browseAs(server, 'keeper');
  const refused = await browser.send(PATH, { confirmation: 'keeper' });
  expect([refused.status, refused.html]).toEqual([409, expect.stringContaining('keeper/app has immutable tags')]);
  await server.ctx.db('repositories').where({ namespace: 'keeper' }).update({ immutable_tags: [] });
  expect((await browser.send(PATH, { confirmation: 'keeper' })).status).toBe(303);
});
