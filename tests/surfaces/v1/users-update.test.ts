import request from 'supertest';
import { startPull, startPush } from '../../helpers/images';
import { startSibling } from '../../helpers/sibling-server';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'robert');
  await addUser(server, 'sleeper', { isActive: false });
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

function update(username: string, body: unknown, authorization = basic(username)): request.Test {
  return request(server.server)
    .put(`/v1/users/${username}/`)
    .set('Authorization', authorization)
    .type('application/json')
    .send(typeof body === 'string' ? body : JSON.stringify(body));
}

async function expectAnswer(test: request.Test, status: number, text: string): Promise<void> {
  const response = await test;
  expect([response.status, response.text]).toEqual([status, text]);
}

describe('PUT /v1/users/<username>', () => {
  it('replaces the password', async () => {
    await addUser(server, 'changer');
    const response = await update('changer', { password: 'another' }).expect(204);
    expect(response.text).toBe('');
    expect(response.headers).not.toHaveProperty('content-length');
    const login = (password: string) =>
      request(server.server).get('/v1/users').set('Authorization', basic('changer', password));
    await login('another').expect(200);
    await login('changerpw').expect(401);
  });

  it('works without the trailing slash, and in any case of the name', async () => {
    const put = request(server.server).put('/v1/users/Alice').set('Authorization', basic('alice'));
    await put.send({ email: 'alice@example.net' }).expect(204);
  });

  it('adds an address that is not confirmed, and keeps the old one', async () => {
    await addUser(server, 'mailer');
    await update('mailer', { email: 'new@example.com' }).expect(204);
    await update('mailer', { email: 'new@example.com' }).expect(204);
    const emails = await server.ctx
      .db('emails')
      .join('users', 'users.id', 'emails.user_id')
      .where('users.username', 'mailer')
      .orderBy('emails.id')
      .select('email', 'is_primary', server.ctx.db.raw('verified_at is not null as verified'));
    expect(emails).toEqual([
      { email: 'mailer@example.com', is_primary: true, verified: true },
      { email: 'new@example.com', is_primary: false, verified: false },
    ]);
  });

  it.each([
    ['{"password":', '"Error Decoding JSON"'],
    ['', '"Error Decoding JSON"'],
    ['{"password":7}', '"Invalid data"'],
    ['{"email":null}', '"Invalid data"'],
    ['{}', '"Missing field: password or email"'],
    ['[]', '"Missing field: password or email"'],
    ['{"password":"1234"}', '"Wrong password format (it has to be at least 5 characters)"'],
    ['{"password":"two\\nlines"}', '"Wrong password format (it must not have control characters)"'],
    ['{"email":"nobody"}', '"Wrong email format"'],
    ['{"email":"robert@example.com"}', '"email is already associated with an account"'],
  ])('%s is a 400', async (body, text) => {
    await expectAnswer(update('alice', body), 400, text);
  });

  it('changes nothing if one of two changes is wrong', async () => {
    await expectAnswer(
      update('alice', { password: 'another', email: 'robert@example.com' }),
      400,
      '"email is already associated with an account"',
    );
    await request(server.server).get('/v1/users').set('Authorization', basic('alice')).expect(200);
  });

  it('wrong credentials are a 401 with the challenge', async () => {
    const response = await update('alice', { password: 'another' }, basic('alice', 'wrong'));
    expect([response.status, response.text]).toEqual([401, '"Unauthorized"']);
    expect(response.headers['www-authenticate']).toBe(CHALLENGE);
  });

  it('an inactive account is a 403', async () => {
    await expectAnswer(update('sleeper', { password: 'another' }), 403, '"Account is not Active"');
  });

  it("another user's account is a 403", async () => {
    const response = await update('robert', { password: 'another' }, basic('alice'));
    expect(response.status).toBe(403);
    await request(server.server).get('/v1/users').set('Authorization', basic('robert')).expect(200);
  });

  it('an administrator may change other accounts', async () => {
    await addUser(server, 'forgetful');
    await update('forgetful', { password: 'another' }, basic('root')).expect(204);
    await request(server.server).get('/v1/users').set('Authorization', basic('forgetful', 'another')).expect(200);
  });

  it.each(['nobody', 'no%00body'])('%s is a user that does not exist: 404', async (username) => {
    await update(username, { password: 'another' }, basic('alice')).expect(404);
  });
});

describe('a change of the account', () => {
  let sibling: Awaited<ReturnType<typeof startSibling>>;
  beforeAll(async () => {
    sibling = await startSibling(server);
  });
  afterAll(() => sibling.close());

  it('a new password ends tokens and the old password at once, on every process', async () => {
    await addUser(server, 'mover');
    const write = await startPush(server, 'mover/app', [], 'mover');
    const read = await startPull(server, 'mover/app', 'mover');
    const images = (token: string) =>
      request(sibling.server).get('/v1/repositories/mover/app/images').set('Authorization', token);
    const login = (password: string) =>
      request(sibling.server).get('/v1/users').set('Authorization', basic('mover', password));
    await images(write).expect(200);
    await images(read).expect(200);
    await login('moverpw').expect(200);

    await update('mover', { password: 'another' }).expect(204);

    await images(write).expect(401, '""');
    await images(read).expect(401, '""');
    await login('moverpw').expect(401);
    await login('another').expect(200);
  });

  it('deactivation ends them too, and the refusal says why', async () => {
    await addUser(server, 'leaver');
    const token = await startPush(server, 'leaver/app', [], 'leaver');
    await server.ctx.db('users').where({ username: 'leaver' }).update({ is_active: false });
    for (const authorization of [token, basic('leaver')]) {
      await request(sibling.server)
        .get('/v1/repositories/leaver/app/images')
        .set('Authorization', authorization)
        .expect(403, '"Account is not Active"');
    }
  });
});
