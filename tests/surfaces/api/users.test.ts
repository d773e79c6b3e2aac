import { createHash } from 'node:crypto';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createUser } from '../../../src/features/accounts/users';
import { createRepository } from '../../../src/features/repositories/creation';
import { listEvents } from '../../../src/features/audit/audit';
import { askApi } from '../../helpers/api-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

const ALICE = '/api/v1.1/users/alice/';

function gravatar(address: string): string {
  const digest = createHash('md5').update(address).digest('hex');
  return `https://secure.gravatar.com/avatar/${digest}.jpg?s=80&r=g&d=mm`;
}

it('a registration names each wrong field, in words', async () => {
  const body = { username: 'Bob', email: 'bob', password: 'x' };
  const { status, body: problem } = await askApi(server, 'post', '/api/v1.1/users/', { body });
  expect(status).toBe(400);
  expect(problem.errors).toEqual([
    { field: 'body.username', message: expect.stringContaining('A username has 2 to 255 lowercase letters') },
    { field: 'body.password', message: 'A password has at least 5 characters' },
    { field: 'body.email', message: 'An email address looks like me@example.com' },
  ]);
});

it.each([
  ['post', '/api/v1.1/repositories/', { namespace: 'alice', name: 'Not A Name' }, 'body.name'],
  ['post', '/api/v1.1/users/', { username: 'alice', email: 'a@example.com', password: 'secret' }, 'body.username'],
  ['patch', ALICE, { profile_url: 'javascript:alert(1)' }, 'body.profile_url'],
  ['patch', ALICE, { gravatar_email: 'nobody' }, 'body.gravatar_email'],
  ['post', '/api/v1.1/orgs/', { name: 'No Name' }, 'body.name'],
  ['post', '/api/v1.1/users/alice/emails/', { email: 'nobody' }, 'body.email'],
] as const)('%s %s names the field that the rules of a feature refuse', async (method, path, body, field) => {
  const { etag = '' } = method === 'patch' ? (await askApi(server, 'get', path, { as: 'alice' })).headers : {};
  const headers = etag === '' ? {} : { 'If-Match': etag };
  const answer = await askApi(server, method, path, { as: 'alice', body, headers });
  expect([400, 409]).toContain(answer.status);
  expect(answer.body.errors).toMatchObject([{ field }]);
});

describe('GET /users/:username/ (protocol 6.1)', () => {
  it('shows the account in the fields of the time', async () => {
    const { status, body } = await askApi(server, 'get', ALICE, { as: 'alice' });
    expect([status, body]).toEqual([
      200,
      {
        id: expect.any(Number),
        username: 'alice',
        url: '/api/v1.1/users/alice/',
        date_joined: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        type: 'User',
        full_name: '',
        location: '',
        company: '',
        profile_url: '',
        gravatar_email: '',
        gravatar_url: gravatar('alice@example.com'),
        email: 'alice@example.com',
        is_active: true,
      },
    ]);
  });

  it('has empty strings for a user without an address', async () => {
    const account = { isActive: true, isAdmin: false, isEmailVerified: true };
    await createUser(server.ctx, OPERATOR_ACTOR, {
      ...account,
      username: 'nomail',
      password: 'nomailpw',
      email: undefined,
    });
    const { body } = await askApi(server, 'get', '/api/v1.1/users/nomail/', { as: 'nomail' });
    expect(body).toMatchObject({ email: '', gravatar_url: '' });
  });

  it.each([
    ['anonymous', undefined, ALICE, 401],
    ["somebody else's", 'robert', ALICE, 403],
    ["an administrator's", 'root', ALICE, 200],
    ['in capitals', 'alice', '/api/v1.1/users/ALICE/', 200],
    ['of nobody', 'alice', '/api/v1.1/users/nobody/', 404],
  ])('%s', async (_what, as, path, status) => {
    const answer = await askApi(server, 'get', path, as === undefined ? {} : { as });
    expect(answer.status).toBe(status);
  });

  it('is not sent again to a client that has it', async () => {
    const first = await askApi(server, 'get', ALICE, { as: 'alice' });
    const tag = first.headers['etag']!;
    const again = await askApi(server, 'get', ALICE, { as: 'alice', headers: { 'If-None-Match': `"x", ${tag}` } });
    expect([again.status, again.headers['etag'], again.text]).toEqual([304, tag, '']);
  });
});

describe('PATCH /users/:username/ (protocol 6.1)', () => {
  const profile = {
    full_name: 'Alice Ünïcode',
    location: 'Wonderland',
    company: 'Acme',
    profile_url: 'https://alice.example.com/',
    gravatar_email: 'Picture@Example.com',
  };

  it('changes the given fields, and answers all of them', async () => {
    await addUser(server, 'changer');
    const path = '/api/v1.1/users/changer/';
    const first = await askApi(server, 'patch', path, { as: 'changer', body: profile });
    expect(first.body).toMatchObject({ ...profile, gravatar_url: gravatar('picture@example.com') });
    const second = await askApi(server, 'patch', path, { as: 'changer', body: { company: '' } });
    expect(second.body).toMatchObject({ ...profile, company: '' });
    const read = await askApi(server, 'get', path, { as: 'changer' });
    expect(read.body).toEqual(second.body);
    expect(read.headers['etag']).toBe(second.headers['etag']);
    const [event] = await listEvents(server.ctx, { action: 'user.profile_changed', limit: 1 });
    expect(event).toMatchObject({ actor: 'changer', subject: 'changer', details: { fields: 'company' } });
  });

  it.each([
    [{ profile_url: 'javascript:alert(1)' }],
    [{ profile_url: 'alice.example.com' }],
    [{ gravatar_email: 'nobody' }],
    [{ full_name: 'x'.repeat(256) }],
    [{ full_name: null }],
    [{ email: 'other@example.com' }],
    [{ is_admin: true }],
  ])('%j is a 400', async (body) => {
    const before = await askApi(server, 'get', ALICE, { as: 'alice' });
    expect((await askApi(server, 'patch', ALICE, { as: 'alice', body })).status).toBe(400);
    const after = await askApi(server, 'get', ALICE, { as: 'alice' });
    expect(after.body).toEqual(before.body);
  });

  it('of another user is a 403, and nothing changes; an administrator may', async () => {
    const body = { company: 'Evil' };
    expect((await askApi(server, 'patch', ALICE, { as: 'robert', body })).status).toBe(403);
    expect((await askApi(server, 'get', ALICE, { as: 'alice' })).body.company).not.toBe('Evil');
    expect((await askApi(server, 'patch', ALICE, { as: 'root', body: { company: 'Good' } })).body.company).toBe('Good');
  });

  it('checks If-Match: of two users who read the same version, the second learns of the first change', async () => {
    const headers = { 'If-Match': (await askApi(server, 'get', ALICE, { as: 'alice' })).headers['etag']! };
    const change = async (company: string) =>
      askApi(server, 'patch', ALICE, { as: 'alice', headers, body: { company } });
    expect((await change('first')).status).toBe(200);
    expect((await change('second')).status).toBe(412);
    expect((await askApi(server, 'get', ALICE, { as: 'alice' })).body.company).toBe('first');
  });

  it('accepts one of many requests at the same time', async () => {
    const headers = { 'If-Match': (await askApi(server, 'get', ALICE, { as: 'alice' })).headers['etag']! };
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        askApi(server, 'patch', ALICE, { as: 'alice', headers, body: { company: `number ${n}` } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412, 412, 412]);
  });
});

describe('POST /users/', () => {
  const USERS = '/api/v1.1/users/';

  it('registers an account that can log in at once', async () => {
    const body = { username: 'newcomer', password: 'newcomerpw', email: 'newcomer@example.com' };
    const answer = await askApi(server, 'post', USERS, { body });
    expect([answer.status, answer.headers['location']]).toEqual([201, '/api/v1.1/users/newcomer/']);
    expect(answer.body).toMatchObject({ username: 'newcomer', email: 'newcomer@example.com', is_active: true });
    expect((await askApi(server, 'get', '/api/v1.1/users/newcomer/', { as: 'newcomer' })).body).toEqual(answer.body);
  });

  it.each([
    [{ username: 'alice', password: 'secret', email: 'new@example.com' }, 409],
    [{ username: 'newname', password: 'secret', email: 'alice@example.com' }, 409],
    [{ username: 'Bad Name', password: 'secret', email: 'new@example.com' }, 400],
    [{ username: 'newname', password: '1234', email: 'new@example.com' }, 400],
    [{ username: 'newname', password: 'secret', email: 'nobody' }, 400],
    [{ username: 'newname', password: 'secret' }, 400],
    [{ username: 'newname', password: 'secret', email: 'new@example.com', is_admin: true }, 400],
  ])('%j is a %i', async (body, status) => {
    expect((await askApi(server, 'post', USERS, { body })).status).toBe(status);
  });

  it('is a 403 if registration is closed', async () => {
    const other = await startTestServer({ settings: { registrationOpen: false } });
    const body = { username: 'newcomer', password: 'newcomerpw', email: 'newcomer@example.com' };
    const answer = await askApi(other, 'post', USERS, { body });
    expect([answer.status, answer.body.code]).toEqual([403, 'closed']);
    await addUser(other, 'alice');
    expect((await askApi(other, 'post', USERS, { as: 'alice', body })).status).toBe(403);
    await other.close();
  });

  it('lets an administrator create an account for another user, even if registration is closed', async () => {
    const other = await startTestServer({ settings: { registrationOpen: false, confirmationRequired: true } });
    await addUser(other, 'root', { isAdmin: true });
    const body = { username: 'newcomer', password: 'newcomerpw', email: 'newcomer@example.com' };
    expect((await askApi(other, 'post', USERS, { as: 'root', body })).status).toBe(201);
    expect((await askApi(other, 'post', USERS, { as: 'root', body })).status).toBe(409);
    expect((await askApi(other, 'get', '/api/v1.1/users/newcomer/', { as: 'newcomer' })).body.is_active).toBe(true);
    const [event] = await listEvents(other.ctx, { subject: 'newcomer', action: 'user.', limit: 1 });
    expect(event).toMatchObject({ actor: 'root', action: 'user.created' });
    await other.close();
  });

  it('creates an inactive account if addresses must be confirmed', async () => {
    const other = await startTestServer({ settings: { confirmationRequired: true } });
    const body = { username: 'newcomer', password: 'newcomerpw', email: 'newcomer@example.com' };
    expect((await askApi(other, 'post', USERS, { body })).body.is_active).toBe(false);
    expect((await askApi(other, 'get', '/api/v1.1/users/newcomer/', { as: 'newcomer' })).status).toBe(403);
    await other.close();
  });
});

describe('PUT /users/:username/password/', () => {
  const change = async (as: string, username: string, body: object) =>
    (await askApi(server, 'put', `/api/v1.1/users/${username}/password/`, { as, body })).status;
  const login = async (username: string, password: string) =>
    (
      await askApi(server, 'get', `/api/v1.1/users/${username}/`, {
        headers: { Authorization: basic(username, password) },
      })
    ).status;

  it('changes a password with the current one', async () => {
    await addUser(server, 'mover');
    expect(await change('mover', 'mover', { password: 'another', current_password: 'moverpw' })).toBe(204);
    expect([await login('mover', 'moverpw'), await login('mover', 'another')]).toEqual([401, 200]);
  });

  it.each([
    [{ password: 'another' }],
    [{ password: 'another', current_password: 'wrong' }],
    [{ password: '1234', current_password: 'robertpw' }],
    [{ current_password: 'robertpw' }],
  ])('answers 400 to %j, and the old password stays', async (body) => {
    expect(await change('robert', 'robert', body)).toBe(400);
    expect(await login('robert', 'robertpw')).toBe(200);
  });

  it('needs only their own password from an administrator, and refuses other users', async () => {
    await addUser(server, 'forgetful');
    expect(await change('robert', 'forgetful', { password: 'another' })).toBe(403);
    expect(await change('root', 'forgetful', { password: 'another' })).toBe(204);
    expect(await change('root', 'forgetful', { password: 'another' })).toBe(204);
    expect(await login('forgetful', 'another')).toBe(200);
    expect(await change('root', 'nobody', { password: 'another' })).toBe(404);
  });
});

describe('DELETE /users/:username/', () => {
  const CAROL = '/api/v1.1/users/carol/';
  beforeEach(() => addUser(server, 'carol'));

  it('deletes the own account, whose name is then free again, and records it', async () => {
    expect((await askApi(server, 'delete', CAROL, { as: 'carol' })).status).toBe(204);
    expect((await askApi(server, 'get', CAROL, { as: 'carol' })).status).toBe(401);
    const [event] = await listEvents(server.ctx, { action: 'user.deleted', limit: 1 });
    expect(event).toMatchObject({ subject: 'carol', actor: 'carol' });
    await addUser(server, 'carol');
    expect((await askApi(server, 'delete', CAROL, { as: 'carol' })).status).toBe(204);
  });

  it('refuses the account of another user, an account with repositories, and an access token', async () => {
    expect((await askApi(server, 'delete', CAROL, { as: 'robert' })).status).toBe(403);
    await createRepository(server.ctx, OPERATOR_ACTOR, { namespace: 'carol', name: 'app' }, 'public');
    const { status, body } = await askApi(server, 'delete', CAROL, { as: 'carol' });
    expect([status, body.detail]).toEqual([409, 'carol still has repositories: delete them first']);
    const withThem = { query: { with_repositories: 'true' } };
    expect((await askApi(server, 'delete', CAROL, { as: 'robert', ...withThem })).status).toBe(403);
    expect((await askApi(server, 'delete', CAROL, { as: 'carol', ...withThem })).status).toBe(204);
    const [event] = await listEvents(server.ctx, { action: 'repository.deleted', limit: 1 });
    expect(event).toMatchObject({ subject: 'carol/app', actor: 'carol' });
  });
});
