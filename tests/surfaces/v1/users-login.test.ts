import bcrypt from 'bcrypt';
import request from 'supertest';
import { headerLines, rawRequest, sendRaw } from '../../helpers/raw-http';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'sleeper', { isActive: false });
});
afterAll(() => server.close());
afterEach(() => jest.restoreAllMocks());

function login(authorization: string): request.Test {
  return request(server.server).get('/v1/users/').set('Authorization', authorization);
}

async function register(username: string, password: string): Promise<void> {
  await request(server.server)
    .post('/v1/users')
    .send({ username, password, email: `${username}@example.org` })
    .expect(201);
}

describe('GET /v1/users', () => {
  it.each(['/v1/users', '/v1/users/'])('%s says OK, in the framing of the Hub (E13)', async (path) => {
    const answer = await sendRaw(server.port, rawRequest(`GET ${path}`, [`Authorization: ${basic('alice')}`]));
    expect(answer.head[0]).toBe('HTTP/1.1 200 OK');
    expect(answer.body).toBe('4\r\n"OK"\r\n0\r\n\r\n');
    expect(headerLines(answer, 'Content-Length')).toEqual([]);
  });

  it('accepts the name in any case', async () => {
    await login(basic('ALICE', 'alicepw')).expect(200, '"OK"');
  });

  it.each([
    ['a wrong password', basic('alice', 'wrong')],
    ['no password', basic('alice', '')],
    ['an unknown user', basic('nobody')],
    ['an unknown user with a NUL in the name', basic('no\u0000body')],
    ['an empty name and password', 'Basic Og=='],
    ['broken base64', 'Basic !!!'],
    ['Basic without anything', 'Basic'],
    ['credentials without a colon', `Basic ${Buffer.from('alice').toString('base64')}`],
    ['another scheme', 'Bearer abc'],
    ['an empty token', 'Token '],
  ])('%s is a 401 with the challenge', async (_, authorization) => {
    const response = await login(authorization);
    expect([response.status, response.text]).toEqual([401, '"Unauthorized"']);
    expect(response.headers['www-authenticate']).toBe(CHALLENGE);
  });

  it('no credentials at all are a 401 with the challenge (E13)', async () => {
    const response = await request(server.server).get('/v1/users/');
    expect([response.status, response.text]).toEqual([401, '"Unauthorized"']);
    expect(response.headers['www-authenticate']).toBe(CHALLENGE);
  });

  it('a token is not a login', async () => {
    const opening = await request(server.server)
      .put('/v1/repositories/alice/app/')
      .set('Authorization', basic('alice'))
      .send([]);
    await login(`Token ${opening.headers['x-docker-token']}`).expect(401, '"Unauthorized"');
  });

  it('an inactive account is disclosed only to a client that knows its password (E13, R7)', async () => {
    const right = await login(basic('sleeper'));
    expect([right.status, right.text]).toEqual([403, '"Account is not Active"']);
    const wrong = await login(basic('sleeper', 'wrong'));
    expect([wrong.status, wrong.text]).toEqual([401, '"Unauthorized"']);
  });

  it('an unknown user costs one comparison of the same price, as a wrong password does (R7)', async () => {
    const compare = jest.spyOn(bcrypt, 'compare');
    const hashes: string[] = [];
    for (const authorization of [basic('alice', 'wrong'), basic('nobody', 'wrong'), basic('sleeper', 'wrong')]) {
      compare.mockClear();
      await login(authorization).expect(401);
      expect(compare).toHaveBeenCalledTimes(1);
      hashes.push(compare.mock.calls[0]![1]);
    }
    expect(hashes.map((hash) => bcrypt.getRounds(hash))).toEqual([4, 4, 4]);
    expect(hashes.every((hash) => hash.length === 60)).toBe(true);
  });

  it('every byte of a password counts, also beyond the 72 that bcrypt reads', async () => {
    const long = 'x'.repeat(72);
    await register('longpassword', `${long}first`);
    await login(basic('longpassword', `${long}first`)).expect(200);
    await login(basic('longpassword', `${long}other`)).expect(401);
    await login(basic('longpassword', long)).expect(401);
  });

  it.each([
    ['colons', 'colons_', 'a:b::c:'],
    ['UTF-8', 'unicode_', 'pässwörd→🔑'],
    ['spaces at the ends', 'spaces_', '  secret  '],
  ])('a password may contain %s', async (_, username, password) => {
    await register(username, password);
    await login(basic(username, password)).expect(200, '"OK"');
    await login(basic(username, `${password.slice(0, -1)}x`)).expect(401);
  });
});
