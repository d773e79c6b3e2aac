import request from 'supertest';
import type { Actor } from '../../../src/features/access/actor';
import { invite } from '../../../src/features/namespaces/invitations';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { listMembers } from '../../../src/features/namespaces/team-members';
import { putTeam } from '../../../src/features/namespaces/teams';
import { jobsOf } from '../../../src/jobs';
import { logIn } from '../../helpers/api-client';
import { Browsing } from '../../helpers/browse';
import { runDueJobs } from '../../helpers/run-jobs';
import { linkIn, startSmtpServer, type TestSmtpServer } from '../../helpers/smtp-server';
import { actorOf } from '../../helpers/actors';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let smtp: TestSmtpServer;
let server: TestServer;
let alice: Actor;
beforeEach(async () => {
  smtp = await startSmtpServer();
  server = await startTestServer({ smtp: smtp.settings });
  for (const username of ['alice', 'robert']) await addUser(server, username);
  alice = await actorOf(server, 'alice');
  await createOrganization(server.ctx, alice, 'acme');
  await putTeam(server.ctx, alice, 'acme', { name: 'developers', description: '' });
});
afterEach(async () => {
  await server.close();
  await smtp.close();
});

const TEAM = { organization: 'acme', team: 'developers' };

/** The path of the link in the mail of a new invitation. */
async function mailedPath(): Promise<string> {
  await invite(server.ctx, alice, TEAM, { email: 'new@example.org' });
  await runDueJobs(server.database, jobsOf(server.ctx));
  return new URL(linkIn(smtp.mails.at(-1)!)).pathname;
}

async function members(): Promise<string[]> {
  const { members: found } = await listMembers(server.ctx, alice, TEAM, { limit: 9, offset: 0 });
  return found.map(({ username }) => username);
}

const submit = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  request(server.server).post(path).type('form').set(headers).send(fields);

it('a visitor who opens the link reads who invites to what, logs in, comes back, and joins', async () => {
  const path = await mailedPath();
  const browser = new Browsing(server.server);
  const { html } = await browser.get(path);
  expect(html).toContain('alice has invited you to join the team <strong>developers</strong> of <strong>acme</strong>');
  expect(html).not.toContain('name="password"');
  const next = encodeURIComponent(path);
  expect(html).toContain(`href="/account/login/?next=${next}"`);
  expect(html).toContain(`href="/account/signup/?next=${next}"`);
  expect(await browser.send(path, {})).toMatchObject({ status: 303, location: `/account/login/?next=${next}` });
  expect(await members()).toEqual([]);
  const login = { username: 'robert', password: 'robertpw', next: path };
  expect(await browser.send('/account/login/', login)).toMatchObject({ status: 303, location: path });
  const joined = await browser.send(path, {});
  expect([joined.status, joined.html]).toEqual([200, expect.stringContaining('You have joined')]);
  expect(await members()).toEqual(['robert']);
  expect((await browser.post(path, {})).status).toBe(403);
  expect((await browser.get(path)).status).toBe(404);
});

it('a user who is logged in joins with the button', async () => {
  const path = await mailedPath();
  const { Cookie } = await logIn(server, 'robert');
  const { text } = await request(server.server).get(path).set({ Cookie }).expect(200);
  expect(text).toContain('You are logged in as <strong>robert</strong>');
  expect(text).not.toContain('name="password"');
  const csrf = /name="csrf_token" value="([^"]+)"/.exec(text)?.[1] ?? '';
  await submit(path, { csrf_token: csrf }, { Cookie, Origin: 'https://elsewhere.example' }).expect(403);
  await submit(path, {}, { Cookie }).expect(403);
  await submit(path, { csrf_token: csrf })
    .expect(303)
    .expect('Location', /^\/account\/login\//);
  expect(await members()).toEqual([]);
  await submit(path, { csrf_token: csrf }, { Cookie, Origin: server.url }).expect(200, /You have joined/);
  expect(await members()).toEqual(['robert']);
});

it('an invalid link leads nowhere', async () => {
  await request(server.server)
    .get(`/account/invitation/${'x'.repeat(43)}`)
    .expect(404);
  await submit('/account/invitation/x', {}).expect(404);
});
