import { Browsing, browseAs } from '../../helpers/browse';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const PAGES = ['', 'users/', 'users/alice/', 'plans/', 'storage/', 'audit/', 'jobs/', 'comments/', 'health/'];

let server: TestServer;
let admin: Browsing;
let alice: Browsing;

beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'admin', { isAdmin: true });
  for (const name of ['alice', 'carol', 'mallory']) await addUser(server, name);
  admin = await browseAs(server, 'admin');
  alice = await browseAs(server, 'alice');
});
afterAll(() => server.close());

it.each(PAGES)('/admin/%s is for administrators, and hidden from others', async (rest) => {
  const seen = await admin.get(`/admin/${rest}`);
  expect(seen.status).toBe(200);
  expect(seen.html).toContain('aria-current="page"');
  const refused = await alice.get(`/admin/${rest}`);
  expect(refused.status).toBe(403);
  expect(refused.html).not.toContain('mallory');
  expect((await new Browsing(server.server).get(`/admin/${rest}`)).status).toBe(303);
});

it('accounts are found by a part of the name or address, and by state', async () => {
  await addUser(server, 'sleeper', { isActive: false });
  const { html } = await admin.get('/admin/users/?q=sleep');
  expect(html).toContain('/admin/users/sleeper/');
  expect(html).not.toContain('/admin/users/mallory/');
  expect((await admin.get('/admin/users/?state=inactive')).html).not.toContain('/admin/users/mallory/');
  expect((await admin.get('/admin/users/?q=carol')).html).toContain('<td data-th="Plan">unlimited</td>');
  expect((await admin.get('/admin/users/?q=nobody_at_all')).html).toContain('No matching accounts');
});

it('an account is deactivated, and its session is worthless at once; the last administrator stays one', async () => {
  const mallory = await browseAs(server, 'mallory');
  expect((await mallory.get('/organizations/')).status).toBe(200);
  await admin.send('/admin/users/mallory/status/', {}, '/admin/users/mallory/');
  expect((await mallory.get('/organizations/')).status).toBe(303);
  const last = await admin.send('/admin/users/admin/status/', { active: 'on' }, '/admin/users/admin/');
  expect(last.status).toBe(409);
  expect(last.html).toContain('role="alert"');
});

it('forms of others are refused, and change nothing', async () => {
  const sent = await alice.send('/admin/users/alice/status/', { active: 'on', admin: 'on' }, '/organizations/add/');
  expect(sent.status).toBe(403);
  expect(await server.ctx.db('users').where({ username: 'alice' }).first('is_admin')).toEqual({ is_admin: false });
  expect((await admin.post('/admin/plans/', { name: 'forged', limit: '1' })).status).toBe(403);
});

it('an administrator creates a user, sets their password, and lets them in without their phone', async () => {
  const wrong = await admin.send('/admin/users/', { username: 'Dora', password: 'x', email: '' });
  expect(wrong.status).toBe(400);
  expect(wrong.html).toContain('id="username-error">A username has');
  expect(wrong.html).toContain('id="password-error">A password has');
  const fields = { username: 'dora', password: 'first word', email: 'dora@example.com' };
  expect((await admin.send('/admin/users/', fields)).location).toBe('/admin/users/dora/');
  expect((await admin.get('/admin/users/dora/')).html).toContain('The user dora was created.');
  const logIn = async (password: string): Promise<number> =>
    (await new Browsing(server.server).send('/account/login/', { username: 'dora', password })).status;
  expect(await logIn('first word')).toBe(303);

  const page = '/admin/users/dora/';
  expect((await admin.send(`${page}password/`, { password: 'y' }, page)).status).toBe(400);
  expect((await admin.send(`${page}password/`, { password: 'second word' }, page)).status).toBe(303);
  expect([await logIn('first word'), await logIn('second word')]).toEqual([400, 303]);

  expect((await admin.get(page)).html).not.toContain('second-factor/');
  await server.ctx.db('users').where({ username: 'dora' }).update({ has_second_factor: true });
  const { id } = await server.ctx.db('users').where({ username: 'dora' }).first('id');
  const factor = { user_id: id, sealed_secret: Buffer.alloc(20), last_step: 1, confirmed_at: new Date() };
  await server.ctx.db('second_factors').insert(factor);
  expect((await admin.get(page)).html).toContain(`${page}second-factor/`);
  expect((await admin.send(`${page}second-factor/`, {}, page)).status).toBe(303);
  expect((await admin.get(page)).html).toContain('dora now logs in with the password alone.');
});

it('an administrator has a link mailed; without a mail server the page says where the link is', async () => {
  const page = '/admin/users/carol/';
  expect((await admin.send(`${page}reset/`, {}, page)).status).toBe(303);
  expect((await admin.get(page)).html).toContain('This server sends no mail: the link for carol is in its log.');
  expect(await server.ctx.db('audit_events').where({ action: 'user.password_reset_sent' })).toHaveLength(1);
  // The own page of an administrator has none of these.
  expect((await admin.get('/admin/users/admin/')).html).not.toContain('/admin/users/admin/password/');
});

it('plans are created, changed, assigned, and deleted if no namespace has them', async () => {
  await admin.send('/admin/plans/', { name: 'tiny', limit: '3' });
  const wrong = await admin.send('/admin/plans/', { name: 'tiny', limit: 'many' });
  expect(wrong.status).toBe(400);
  expect(wrong.html).toContain('value="many"');
  await admin.send('/admin/users/alice/plan/', { plan: 'tiny' }, '/admin/users/alice/');
  expect((await admin.get('/admin/users/alice/')).html).toContain('0 of 3 private repositories');
  expect((await admin.send('/admin/plans/delete/', { name: 'tiny' }, '/admin/plans/')).status).toBe(409);
  await admin.send('/admin/users/alice/plan/', { plan: 'free' }, '/admin/users/alice/');
  expect((await admin.send('/admin/plans/delete/', { name: 'tiny' }, '/admin/plans/')).status).toBe(303);
});

it('an account becomes an organization, and another is deleted once its name is typed', async () => {
  await addUser(server, 'oldorg');
  await admin.send('/admin/users/oldorg/convert/', { owner: 'carol' }, '/admin/users/oldorg/');
  expect((await (await browseAs(server, 'carol')).get('/organizations/oldorg/')).status).toBe(200);
  await addUser(server, 'leaving');
  const form = '/admin/users/leaving/';
  expect((await admin.send(`${form}delete/`, { confirmation: 'leave' }, form)).status).toBe(400);
  expect((await admin.send(`${form}delete/`, { confirmation: 'leaving' }, form)).location).toBe('/admin/users/');
  expect((await admin.get(form)).status).toBe(404);
});

it('the audit log is filtered, and shows names of untrusted clients as text', async () => {
  await server.ctx.db('audit_events').insert({
    action: 'login.failed',
    subject: '<script>alert(1)</script>',
    address: '192.0.2.1',
  });
  const { html } = await admin.get('/admin/audit/?action=login.failed');
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(html).not.toContain('plan.changed');
  expect((await admin.get('/admin/audit/?user=admin&since=2020-01-01')).html).toContain('plan.changed');
  expect((await admin.get('/admin/audit/?since=2999-01-01')).html).toContain('No matching events');
  expect((await admin.get('/admin/audit/?until=2020-01-01')).html).toContain('No matching events');
  const today = new Date().toISOString().slice(0, 10); // the requested range contains today
  expect((await admin.get(`/admin/audit/?user=admin&until=${today}`)).html).toContain('plan.changed');
});

it('a NUL is removed from a query, matches nothing in a path, and makes a form invalid', async () => {
  const { status, html } = await admin.get('/admin/users/?q=al%00ice');
  expect([status, html.includes('/admin/users/alice/')]).toEqual([200, true]);
  expect((await admin.get('/admin/users/a%00b/')).status).toBe(404);
  expect((await admin.send('/admin/plans/', { name: 'a\0b', limit: '' })).status).toBe(400);
});
