import request from 'supertest';
import { headerLines, rawRequest, sendRaw } from '../../helpers/raw-http';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const TAKEN = '"Username or email already exists"';
const WRONG_USERNAME =
  '"Wrong username format (it has to match \\"^[a-z0-9_]+(?:-[a-z0-9_]+)*$\\" and have 2 to 255 characters)"';
const HUBS_WRONG_USERNAME = '"Wrong username format (it has to match \\"^[a-z0-9_]{4,30}$\\")"';
const EMAIL_IN_USE = '"email is already associated with an account"';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

let made = 0;

/** The registration that an engine sends, for a new user. */
function newcomer(): { username: string; password: string; email: string; auth: string } {
  made += 1;
  return { username: `user_${made}`, password: 'secret', email: `user${made}@example.com`, auth: '' };
}

function post(body: unknown, on = server): request.Test {
  return request(on.server)
    .post('/v1/users/')
    .type('application/json; charset=utf-8')
    .send(typeof body === 'string' ? body : JSON.stringify(body));
}

async function expectRefusal(body: unknown, expected: string): Promise<void> {
  const response = await post(body);
  expect([response.status, response.text]).toEqual([400, expected]);
}

describe('POST /v1/users', () => {
  it.each(['/v1/users', '/v1/users/'])('%s creates an account, in the framing of the Hub (E12)', async (path) => {
    const body = JSON.stringify(newcomer());
    const answer = await sendRaw(server.port, rawRequest(`POST ${path}`, ['Content-Type: application/json'], body));
    expect(answer.head[0]).toBe('HTTP/1.1 201 Created');
    expect(answer.body).toBe('e\r\n"User created"\r\n0\r\n\r\n');
    expect(headerLines(answer, 'Transfer-Encoding')).toEqual(['chunked']);
    expect(headerLines(answer, 'Content-Length')).toEqual([]);
    expect(headerLines(answer, 'Content-Type')).toEqual(['application/json']);
  });

  it('the account can log in at once and owns its namespace', async () => {
    const user = newcomer();
    await post(user).expect(201);
    const authorization = basic(user.username, user.password);
    await request(server.server).get('/v1/users/').set('Authorization', authorization).expect(200, '"OK"');
    await request(server.server)
      .put(`/v1/repositories/${user.username}/app/`)
      .set('Authorization', authorization)
      .send([])
      .expect(200);
  });

  it('reads JSON whatever the content type says (E24)', async () => {
    const body = JSON.stringify(newcomer());
    const answer = await sendRaw(server.port, rawRequest('POST /v1/users/', [], body));
    expect(answer.head[0]).toBe('HTTP/1.1 201 Created');
    await request(server.server).post('/v1/users').type('text/plain').send(JSON.stringify(newcomer())).expect(201);
  });

  it('ignores keys that it does not know', async () => {
    await post({ ...newcomer(), registrytoken: 'x', is_admin: true }).expect(201);
    const admins = await server.ctx.db('users').where({ is_admin: true });
    expect(admins).toEqual([]);
  });

  it('an existing name is answered with exactly 34 bytes (E12)', async () => {
    const body = JSON.stringify({ username: 'alice', password: 'other', email: 'other@example.com', auth: '' });
    const answer = await sendRaw(server.port, rawRequest('POST /v1/users/', ['Content-Type: application/json'], body));
    expect(answer.head[0]).toBe('HTTP/1.1 400 Bad Request');
    expect(answer.body).toBe(TAKEN);
    expect(answer.body).toHaveLength(34);
    expect(headerLines(answer, 'Content-Length')).toEqual(['34']);
  });

  it.each(['{"username":', '', 'username=alice', '\u{feff}\u{feff}{}'])('step 1: %j is not JSON', async (body) => {
    await expectRefusal(body, '"Error Decoding JSON"');
  });

  it('step 1: bytes that are not UTF-8 are not JSON', async () => {
    const response = await request(server.server)
      .post('/v1/users/')
      .type('application/json')
      .serialize((body) => body)
      .send(Buffer.from('{"username":"\xff"}', 'latin1'));
    expect([response.status, response.text]).toEqual([400, '"Error Decoding JSON"']);
  });

  it.each(['username', 'password', 'email'] as const)('step 2: names a missing %s', async (field) => {
    const { [field]: _, ...rest } = newcomer();
    await expectRefusal(rest, `"Missing field: ${field}"`);
    await expectRefusal({ ...rest, [field]: '' }, `"Missing field: ${field}"`);
    await expectRefusal({ ...rest, [field]: 7 }, `"Missing field: ${field}"`);
  });

  it.each([[], 'alice', null, 5])('step 2: JSON that is not an object (%j) has no fields', async (body) => {
    await expectRefusal(JSON.stringify(body), '"Missing field: username"');
  });

  it('step 2: a blank address does not stop an existing user from logging in', async () => {
    await expectRefusal({ username: 'alice', password: 'other', email: '', auth: '' }, TAKEN);
    await expectRefusal({ username: 'alice', password: 'other' }, TAKEN);
  });

  it('step 3: a name is taken in any case, and that is checked before its format', async () => {
    await expectRefusal({ ...newcomer(), username: 'ALICE' }, TAKEN);
    await server.ctx.db('users').insert({ username: 'o-d', password_hash: 'x' });
    await server.ctx.db.raw(`insert into namespaces select username, 'user', id from users where username = 'o-d'`);
    await expectRefusal({ ...newcomer(), username: 'o-d', password: 'x' }, TAKEN);
  });

  it('step 3: every account that can log in is taken, whatever its name looks like', async () => {
    await addUser(server, 'sleeping', { isActive: false });
    await server.ctx.db('namespaces').insert({ name: 'acme', kind: 'organization' });
    await server.ctx.db('users').insert({ username: 'acme+ci', password_hash: '*', robot_of: 'acme' });
    const accounts = await server.ctx.db<{ username: string }>('users').select('username');
    expect(accounts.map(({ username }) => username)).toEqual(expect.arrayContaining(['acme+ci', 'sleeping']));
    for (const { username } of accounts) {
      for (const spelling of [username, username.toUpperCase()]) {
        await expectRefusal({ ...newcomer(), username: spelling, password: 'ddt_x' }, TAKEN);
        await expectRefusal({ username: spelling, password: 'x', email: '', auth: '' }, TAKEN);
      }
    }
    await expectRefusal({ ...newcomer(), username: 'acme+nobody' }, WRONG_USERNAME);
  });

  it('step 3: the library cannot be registered', async () => {
    await expectRefusal({ ...newcomer(), username: 'library' }, TAKEN);
  });

  it('step 3: if name and address are both taken, the answer is that of the name', async () => {
    await expectRefusal({ username: 'alice', password: 'secret', email: 'alice@example.com' }, TAKEN);
  });

  it.each(['a', 'a'.repeat(256), 'Newcomer', '-new', 'new-', 'a--b', 'a.b', 'new comer', 'néwcomer', 'new\u0000comer'])(
    'step 4: %j is not a username, whatever else is wrong',
    async (username) => {
      await expectRefusal({ username, password: 'x', email: 'x' }, WRONG_USERNAME);
    },
  );

  it.each(['a_b_', 'x'.repeat(255), '0123', 'new-comer', 'fg'])('step 4: %j is a username', async (username) => {
    await post({ ...newcomer(), username }).expect(201);
  });

  it('step 4: the password is checked before the address', async () => {
    const wrong = '"Wrong password format (it has to be at least 5 characters)"';
    await expectRefusal({ ...newcomer(), password: '1234', email: 'x' }, wrong);
    await expectRefusal({ ...newcomer(), password: 'ÄÖÜß' }, wrong);
    await post({ ...newcomer(), password: '12345' }).expect(201);
  });

  it.each(['secret\u0000first', 'two\nlines', 'delete\u007f'])(
    'step 4: %j has control characters, which Basic cannot carry (RFC 7617)',
    async (password) => {
      const wrong = '"Wrong password format (it must not have control characters)"';
      await expectRefusal({ ...newcomer(), password }, wrong);
    },
  );

  it.each(['nobody', 'a b@example.com', '@example.com', 'a@', 'a\u0000@example.com'])(
    'step 4: %j is not an address',
    async (email) => {
      await expectRefusal({ ...newcomer(), email }, '"Wrong email format"');
    },
  );

  it('step 5: an address in use is refused, in any case', async () => {
    await expectRefusal({ ...newcomer(), email: 'Alice@Example.com' }, EMAIL_IN_USE);
  });

  it('two registrations at once with one name create one account', async () => {
    const user = newcomer();
    const both = await Promise.all([post(user), post({ ...user, email: 'second@example.com' })]);
    const answers = both.map(({ status, text }) => `${status} ${text}`).sort((a, b) => a.localeCompare(b));
    expect(answers).toEqual(['201 "User created"', `400 ${TAKEN}`]);
  });

  it('two at once with one address that is not confirmed create two accounts', async () => {
    const user = newcomer();
    const both = await Promise.all([post(user), post({ ...user, username: 'second_name' })]);
    const answers = both.map(({ status, text }) => `${status} ${text}`).sort((a, b) => a.localeCompare(b));
    expect(answers).toEqual(['201 "User created"', '201 "User created"']);
  });
});

describe('POST /v1/users with registration closed', () => {
  let closed: TestServer;
  beforeAll(async () => {
    closed = await startTestServer({ settings: { registrationOpen: false } });
    await addUser(closed, 'alice');
  });
  afterAll(() => closed.close());

  it('step 6: 401, so that engines from 0.8 on go on to log in (E12)', async () => {
    const response = await post(newcomer(), closed);
    expect(response.status).toBe(401);
    expect(response.headers['content-type']).toBe('application/json');
    expect(await closed.ctx.db('users').select('username')).toEqual([{ username: 'alice' }]);
  });

  it('every other rule is checked first', async () => {
    await post({ ...newcomer(), username: 'alice' }, closed).expect(400, TAKEN);
    await closed.ctx.db('namespaces').insert({ name: 'acme', kind: 'organization' });
    await closed.ctx.db('users').insert({ username: 'acme+ci', password_hash: '*', robot_of: 'acme' });
    await post({ ...newcomer(), username: 'acme+ci' }, closed).expect(400, TAKEN);
    await post({ ...newcomer(), username: 'x' }, closed).expect(400, WRONG_USERNAME);
    await post({ ...newcomer(), email: 'alice@example.com' }, closed).expect(400, EMAIL_IN_USE);
  });
});

describe('POST /v1/users with confirmation required', () => {
  it('step 7: the account is inactive until it is confirmed', async () => {
    const careful = await startTestServer({ settings: { confirmationRequired: true } });
    const user = newcomer();
    await post(user, careful).expect(201, '"User created"');
    const login = await request(careful.server)
      .get('/v1/users/')
      .set('Authorization', basic(user.username, user.password));
    expect([login.status, login.text]).toEqual([403, '"Account is not Active"']);
    await careful.close();
  });
});

describe('POST /v1/users with the limits of the Hub', () => {
  let hub: TestServer;
  beforeAll(async () => {
    hub = await startTestServer({ settings: { hubLimits: true } });
  });
  afterAll(() => hub.close());

  it.each(['abc', 'a'.repeat(31), 'Newcomer', 'new-comer', 'new comer'])('%j is not a username', async (username) => {
    await post({ ...newcomer(), username }, hub).expect(400, HUBS_WRONG_USERNAME);
  });

  it.each(['a_b_', 'x'.repeat(30), '0123'])('%j is a username', async (username) => {
    await post({ ...newcomer(), username }, hub).expect(201);
  });
});
