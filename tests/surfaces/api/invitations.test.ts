import { jobsOf } from '../../../src/jobs';
import { askApi } from '../../helpers/api-client';
import { runDueJobs } from '../../helpers/run-jobs';
import { linkIn, secretIn, startSmtpServer, type ReceivedMail, type TestSmtpServer } from '../../helpers/smtp-server';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let smtp: TestSmtpServer;
let server: TestServer;
beforeEach(async () => {
  smtp = await startSmtpServer();
  server = await startTestServer({ smtp: smtp.settings });
  for (const username of ['alice', 'robert', 'carol']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  await askApi(server, 'post', '/api/v1.1/orgs/', { as: 'alice', body: { name: 'acme' } });
  await askApi(server, 'put', `${ACME}teams/developers/`, { as: 'alice', body: {} });
});
afterEach(async () => {
  await server.close();
  await smtp.close();
});

const ACME = '/api/v1.1/orgs/acme/';
const INVITATIONS = `${ACME}invitations/`;
const INVITE = `${ACME}teams/developers/invitations/`;
const ACCEPT = '/api/v1.1/invitations/accept/';

const invite = (body: object, as = 'alice') => askApi(server, 'post', INVITE, { as, body });

const ownOf = (username: string) => `/api/v1.1/users/${username}/invitations/`;

async function members(): Promise<string[]> {
  const { body } = await askApi(server, 'get', `${ACME}teams/developers/members/`, { as: 'alice' });
  return body.results.map(({ username }: { username: string }) => username);
}

async function deliver(): Promise<ReceivedMail[]> {
  const before = smtp.mails.length;
  await runDueJobs(server.database, jobsOf(server.ctx));
  return smtp.mails.slice(before);
}

describe('an invitation by username', () => {
  it('is mailed, listed on both sides, and accepted', async () => {
    const sent = await invite({ username: 'robert' });
    expect(sent.status).toBe(201);
    expect(sent.body).toMatchObject({
      organization: 'acme',
      team: 'developers',
      username: 'robert',
      email: null,
      invited_by: 'alice',
    });
    const mails = await deliver();
    expect(mails).toMatchObject([{ recipients: ['robert@example.com'] }]);
    expect(linkIn(mails[0]!)).toMatch(new RegExp(`^${server.url}/account/invitation/[\\w-]{43}$`));
    expect(mails[0]!.parsed.text).toContain('alice has invited you to join the team developers of acme');
    const one = { count: 1, results: [sent.body] };
    expect((await askApi(server, 'get', INVITATIONS, { as: 'alice' })).body).toMatchObject(one);
    expect((await askApi(server, 'get', ownOf('robert'), { as: 'robert' })).body).toMatchObject(one);
    expect((await askApi(server, 'get', ownOf('carol'), { as: 'carol' })).body.results).toEqual([]);
    const accept = (username: string) =>
      askApi(server, 'post', `${ownOf(username)}${sent.body.id}/accept/`, { as: username });
    expect((await accept('carol')).status).toBe(404);
    expect((await accept('robert')).body).toEqual(sent.body);
    expect((await accept('robert')).status).toBe(404);
    expect(await members()).toEqual(['robert']);
  });

  it('is declined or withdrawn, and not mailed if that happened before', async () => {
    const first = (await invite({ username: 'robert' })).body.id;
    const decline = () => askApi(server, 'post', `${ownOf('robert')}${first}/decline/`, { as: 'robert' });
    expect((await decline()).status).toBe(204);
    expect((await decline()).status).toBe(404);
    const second = (await invite({ username: 'robert' })).body.id;
    const withdraw = async (as: string) => (await askApi(server, 'delete', `${INVITATIONS}${second}/`, { as })).status;
    expect(await withdraw('robert')).toBe(403);
    expect(await withdraw('alice')).toBe(204);
    expect(await withdraw('alice')).toBe(404);
    expect(await deliver()).toEqual([]);
  });

  it('is visible to nobody else, not even to administrators, and nobody else can answer it', async () => {
    const { id } = (await invite({ username: 'robert' })).body;
    expect((await askApi(server, 'get', ownOf('robert'), { as: 'root' })).status).toBe(403);
    expect((await askApi(server, 'get', ownOf('robert'))).status).toBe(401);
    for (const answer of ['accept', 'decline']) {
      const path = `${ownOf('robert')}${id}/${answer}/`;
      expect((await askApi(server, 'post', path, { as: 'carol' })).status).toBe(403);
      expect((await askApi(server, 'post', path)).status).toBe(401);
    }
    expect((await askApi(server, 'get', INVITATIONS, { as: 'robert' })).status).toBe(403);
  });
});

describe('an invitation by email', () => {
  it('is accepted with the secret of the link, once, by anyone who has it', async () => {
    await invite({ email: 'new@example.org' });
    const [mail] = await deliver();
    expect(mail).toMatchObject({ recipients: ['new@example.org'] });
    const accept = (secret: string, as?: string) =>
      askApi(server, 'post', ACCEPT, { ...(as === undefined ? {} : { as }), body: { secret } });
    const secret = secretIn(mail!);
    expect((await accept(secret)).status).toBe(401);
    expect((await accept('wrong', 'carol')).status).toBe(404);
    expect((await accept(secret, 'carol')).body).toMatchObject({ team: 'developers', email: 'new@example.org' });
    expect((await accept(secret, 'robert')).status).toBe(404);
    expect(await members()).toEqual(['carol']);
  });

  it('that is sent again has a new link, and the old one ends', async () => {
    await invite({ email: 'new@example.org' });
    const [first] = await deliver();
    await invite({ email: 'New@example.org' });
    const [second] = await deliver();
    const accept = async (mail: ReceivedMail) =>
      (await askApi(server, 'post', ACCEPT, { as: 'carol', body: { secret: secretIn(mail) } })).status;
    expect(await accept(first!)).toBe(404);
    expect(await accept(second!)).toBe(200);
  });
});

it.each([
  [{ username: 'nobody' }, 404],
  [{ username: 'acme+ci' }, 409],
  [{ email: 'no address' }, 400],
  [{ username: 'robert', email: 'robert@example.com' }, 400],
  [{}, 400],
])('cannot be sent for %j: %i', async (body, status) => {
  await askApi(server, 'put', `${ACME}robots/ci/`, { as: 'alice' });
  expect((await invite(body)).status).toBe(status);
  expect(await deliver()).toEqual([]);
});

it('is sent only by owners, and only for existing teams', async () => {
  await askApi(server, 'put', `${ACME}teams/developers/members/robert/`, { as: 'root' });
  expect((await invite({ username: 'carol' }, 'robert')).status).toBe(403);
  const nowhere = `${ACME}teams/nobody/invitations/`;
  expect((await askApi(server, 'post', nowhere, { as: 'alice', body: { username: 'carol' } })).status).toBe(404);
});

it('is not mailed without a limit for each recipient', async () => {
  const statuses: number[] = [];
  for (let time = 1; time <= 6; time += 1) statuses.push((await invite({ email: 'new@example.org' })).status);
  expect(statuses).toEqual([201, 201, 201, 201, 201, 429]);
  expect((await invite({ email: 'new@example.org' }, 'root')).status).toBe(201);
  for (let time = 1; time <= 6; time += 1) await invite({ username: 'robert' });
  await deliver();
  await askApi(server, 'post', '/api/v1.1/password/reset/', { body: { username: 'robert' } });
  expect(linkIn((await deliver())[0]!)).toContain('/account/reset/');
});

it("can be sent to a whole team, up to a hundred an hour, without blocking a recipient's password reset", async () => {
  const statuses: number[] = [];
  for (let one = 1; one <= 40; one += 1) statuses.push((await invite({ email: `person${one}@example.org` })).status);
  expect(statuses).toEqual(Array<number>(40).fill(201));
  await deliver();
  const reset = await askApi(server, 'post', '/api/v1.1/password/reset/', { body: { username: 'robert' } });
  expect(reset.status).toBe(202);
  expect(linkIn((await deliver())[0]!)).toContain('/account/reset/');
});
