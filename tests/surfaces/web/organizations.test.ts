import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { acceptInvitation } from '../../../src/features/namespaces/invitations';
import { createRepository } from '../../../src/features/repositories/creation';
import { Browsing, browseAs } from '../../helpers/browse';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let owner: Browsing;
let member: Browsing;
let stranger: Browsing;

beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol', 'mallory']) await addUser(server, name);
  await addUser(server, 'admin', { isAdmin: true });
  owner = await browseAs(server, 'alice');
  member = await browseAs(server, 'carol');
  stranger = await browseAs(server, 'mallory');
  await owner.send('/organizations/add/', { name: 'acme' });
});
afterAll(() => server.close());

/** The ids in hidden fields of the forms on a page. */
function idsOn(html: string): string[] {
  return [...html.matchAll(/name="id" value="(\d+)"/g)].map((match) => match[1] ?? '');
}

/** Invites a user, who accepts. */
async function join(team: string, username: string, who: Browsing): Promise<void> {
  await owner.send(
    `/organizations/acme/teams/${team}/invite/`,
    { whom: username },
    `/organizations/acme/teams/${team}/`,
  );
  const { html } = await owner.get('/organizations/acme/invitations/');
  const user = await server.ctx.db('users').where({ username }).first('id', 'credentials_epoch');
  const identity = { userId: Number(user.id), credentialsEpoch: Number(user.credentials_epoch) };
  await acceptInvitation(
    server.ctx,
    { kind: 'user', proof: 'password', identity, address: '' },
    { id: Number(idsOn(html)[0]) },
  );
  expect((await who.get(`/organizations/acme/teams/${team}/`)).status).toBe(200);
}

it('an anonymous visitor is asked to log in, and led back', async () => {
  const seen = await new Browsing(server.server).get('/organizations/');
  expect(seen).toMatchObject({ status: 303, location: '/account/login/?next=%2Forganizations%2F' });
});

it('an organization is created by its first owner, who learns what is wrong with a name and keeps what they typed', async () => {
  const wrong = await owner.send('/organizations/add/', { name: 'No!' });
  expect(wrong.status).toBe(400);
  expect(wrong.html).toContain('value="No!"');
  expect(wrong.html).toContain('role="alert"');
  const taken = await owner.send('/organizations/add/', { name: 'alice' });
  expect(taken.status).toBe(409);
  const made = await owner.send('/organizations/add/', { name: 'umbra' });
  expect(made).toMatchObject({ status: 303, location: '/organizations/umbra/' });
  const { html } = await owner.get('/organizations/umbra/');
  expect(html).toContain('The organization umbra was created.');
  expect((await owner.get('/organizations/')).html).toContain('href="/organizations/umbra/"');
});

it('other users see nothing of it, and change nothing', async () => {
  for (const rest of ['', 'teams/', 'members/', 'invitations/', 'robots/', 'plan/', 'settings/']) {
    expect((await stranger.get(`/organizations/acme/${rest}`)).status).toBe(403);
  }
  const sent = await stranger.send('/organizations/acme/teams/', { name: 'spies' }, '/organizations/add/');
  expect(sent.status).toBe(403);
  expect(await server.ctx.db('teams').where({ name: 'spies' })).toEqual([]);
  expect((await stranger.get('/organizations/nothing/')).status).toBe(404);
});

it('a form without the token, or with that of another browser, is refused', async () => {
  const fields = { name: 'forged', description: '' };
  expect((await owner.post('/organizations/acme/teams/', fields)).status).toBe(403);
  const token = /name="csrf_token" value="([^"]+)"/.exec((await stranger.get('/organizations/add/')).html)?.[1] ?? '';
  expect((await owner.post('/organizations/acme/teams/', { ...fields, csrf_token: token })).status).toBe(403);
  expect(await server.ctx.db('teams').where({ name: 'forged' })).toEqual([]);
});

it('teams are created, described, joined by invitation, left and deleted', async () => {
  await owner.send('/organizations/acme/teams/', { name: 'builders', description: 'They build <b>' });
  expect((await owner.get('/organizations/acme/teams/')).html).toContain('They build &lt;b&gt;');
  const team = '/organizations/acme/teams/builders/';
  await owner.send(`${team}description/`, { description: 'They ship' }, team);
  await join('builders', 'carol', member);
  const seen = await member.get(team);
  expect(seen.html).toContain('They ship');
  expect(seen.html).not.toContain('Invite someone');
  expect((await member.get('/organizations/acme/robots/')).status).toBe(403);
  expect((await member.send(`${team}remove/`, { username: 'carol' }, team)).location).toBe('/organizations/');
  expect((await member.get(team)).status).toBe(403);
  const { html } = await owner.get(team);
  const asking = /<details class="asking"><summary class="button danger">Delete this team<\/summary><p>[^<]+<\/p><form/;
  expect(html).toMatch(asking);
  expect(html).toContain('>Yes, delete this team</button>');
  await owner.send(`${team}delete/`, {}, team);
  expect((await owner.get(team)).status).toBe(404);
});

it('the last owner stays, and learns why', async () => {
  const owners = '/organizations/acme/teams/owners/';
  const sent = await owner.send(`${owners}remove/`, { username: 'alice' }, owners);
  expect(sent).toMatchObject({ status: 303, location: owners });
  expect((await owner.get(owners)).html).toMatch(/<p class="notice problem" role="status">[^<]+owner/);
});

it('invitations are sent to names and addresses, listed and withdrawn', async () => {
  const path = '/organizations/acme/invitations/';
  expect((await owner.send(path, { whom: 'dave@example.com', team: 'owners' })).status).toBe(303);
  const unknown = await owner.send(path, { whom: 'nobody_here', team: 'owners' });
  expect(unknown.status).toBe(400);
  expect(unknown.html).toContain('id="whom-error">No such user: nobody_here');
  const { html } = await owner.get(path);
  expect(html).toContain('dave@example.com');
  await owner.send(`${path}withdraw/`, { id: idsOn(html)[0] ?? '' }, path);
  expect((await owner.get(path)).html).not.toContain('dave@example.com');
});

it('a robot gets a token that is shown once, and loses it', async () => {
  const robot = '/organizations/acme/robots/deploy/';
  expect((await owner.send('/organizations/acme/robots/', { name: 'deploy' })).location).toBe(robot);
  const fields = { name: 'host 1', access: 'read', days: '30', repositories: 'acme/app' };
  const made = await owner.send(robot, fields);
  const secret = /ddt_[\w-]+/.exec(made.html)?.[0];
  expect(secret).toBeDefined();
  const shown = (await owner.get(robot)).html;
  expect(shown).not.toContain(secret);
  expect(shown).toContain('only acme/app');
  const wrong = await owner.send(robot, { ...fields, name: 'host 2', access: 'everything' });
  expect(wrong.status).toBe(400);
  expect(wrong.html).toContain('value="host 2"');
  await owner.send(`${robot}revoke/`, { id: idsOn(shown)[0] ?? '' }, robot);
  expect((await owner.get(robot)).html).toContain('No access tokens');
  await owner.send(`${robot}delete/`, {}, robot);
  expect((await owner.get(robot)).status).toBe(404);
});

it('owners set the visibility of new repositories, administrators the plan', async () => {
  const plan = '/organizations/acme/plan/';
  await owner.send(plan, { visibility: 'private' });
  expect((await owner.get(plan)).html).toContain('<option value="private" selected="">');
  expect((await owner.send(`${plan}assign/`, { plan: 'large' }, plan)).status).toBe(403);
  const admin = await browseAs(server, 'admin');
  await admin.send(`${plan}assign/`, { plan: 'large' }, plan);
  expect((await owner.get(plan)).html).toContain('0 of 50 private repositories');
});

it('the profile is changed, and the organization deleted once its name is typed', async () => {
  const settings = '/organizations/acme/settings/';
  await owner.send(settings, { fullName: 'Acme & Co', company: '', location: '', profileUrl: '' });
  expect((await owner.get('/organizations/acme/')).html).toContain('Acme &amp; Co');
  const wrong = await owner.send('/organizations/acme/delete/', { confirmation: 'acm' }, settings);
  expect(wrong.status).toBe(400);
  const gone = await owner.send('/organizations/acme/delete/', { confirmation: 'acme' }, settings);
  expect(gone.location).toBe('/organizations/');
  expect((await owner.get('/organizations/acme/')).status).toBe(404);
});

describe('the retention of an organization, and of the own account', () => {
  beforeAll(() => owner.send('/organizations/add/', { name: 'globex' }));

  it.each(['/organizations/globex/retention/', '/account/retention/'])(
    '%s is tried, saved and removed',
    async (path) => {
      const namespace = path.startsWith('/account/') ? 'alice' : 'globex';
      await createRepository(server.ctx, OPERATOR_ACTOR, { namespace, name: 'app' }, 'public');
      const { html } = await owner.get(path);
      expect(html).toContain('No policy applies: all tags stay.');
      const version = /name="version" value="([^"]*)"/.exec(html)![1]!.replaceAll('&quot;', '"');
      const trial = await owner.send(path, { keep_last: '3', step: 'try', version });
      expect(trial.location).toBe(`${path}?keep_last=3&keep_days=&keep_tags=&only_tags=`);
      expect((await owner.get(trial.location!)).html).toContain(`href="/r/${namespace}/app/settings/retention/"`);
      expect((await owner.send(path, { keep_last: 'all', version })).status).toBe(400);
      expect((await owner.send(path, { keep_last: '3', version })).location).toBe(path);
      expect((await owner.send(path, { keep_last: '4', version })).status).toBe(409);
      expect((await owner.get(path)).html).toContain('Saved now: Keeps the last 3 tags.');
      expect((await owner.get(`/r/${namespace}/app/settings/retention/`)).html).toContain(
        `The namespace ${namespace} has a policy. Keeps the last 3 tags.`,
      );
      await owner.send(`${path}remove/`, {}, path);
      expect((await owner.get(path)).html).toContain('The policy was removed.');
      await owner.send(`${path}remove/`, {}, path);
      expect((await owner.get(path)).html).toContain(`${namespace} has no retention policy.`);
    },
  );

  it('of an organization is for its owners', async () => {
    for (const someone of [member, stranger]) {
      expect((await someone.get('/organizations/globex/retention/')).status).toBe(403);
    }
  });
});
