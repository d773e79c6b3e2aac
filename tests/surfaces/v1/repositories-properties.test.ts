import { startPull, startPush } from '../../helpers/images';
import { call, errorText, makePrivate } from '../../helpers/registry-client';
import { credentials, repositoryClient, startServerWithStranger } from '../../helpers/repository-client';
import { CHALLENGE, basic, type TestServer } from '../../helpers/test-server';

const PUBLIC = [200, '{"access":"public"}'];
const PRIVATE = [200, '{"access":"private"}'];
const UNAUTHORIZED = [401, errorText('Requires authorization')];
const NOT_FOUND = [404, errorText('Repository not found')];

let server: TestServer;
beforeAll(async () => {
  server = await startServerWithStranger();
});
afterAll(() => server.close());

const at = (repository: string): string => `/v1/repositories/${repository}/properties`;
const { get, put } = repositoryClient(() => server, '/properties');

describe('GET /v1/repositories/R/properties (protocol 4.12)', () => {
  it('answers who may pull', async () => {
    const token = await startPush(server, 'alice/app', []);
    expect(await get('alice/app', token)).toEqual(PUBLIC);
    expect(await get('alice/app')).toEqual(PUBLIC);
    await makePrivate(server, 'alice/app', 'alice');
    expect(await get('alice/app', token)).toEqual(PRIVATE);
    expect(await get('alice/app', basic('root'))).toEqual(PRIVATE);
  });

  it('answers 401 to anonymous callers and 404 to other users of a private repository, 404 for an unknown one', async () => {
    await startPush(server, 'alice/hidden', []);
    await makePrivate(server, 'alice/hidden', 'alice');
    expect(await get('alice/hidden')).toEqual(UNAUTHORIZED);
    expect(await get('alice/hidden', basic('carol'))).toEqual(NOT_FOUND);
    expect(await get('alice/nothing', basic('carol'))).toEqual(NOT_FOUND);
    expect(await get('alice/nothing')).toEqual(NOT_FOUND);
  });
});

describe('PUT /v1/repositories/R/properties (protocol 4.12)', () => {
  it('changes it, for the owner and for administrators', async () => {
    await startPush(server, 'alice/mine', []);
    for (const [user, access] of [
      ['alice', 'private'],
      ['root', 'public'],
      ['root', 'private'],
      ['alice', 'public'],
    ] as const) {
      expect(await put('alice/mine', `{"access":"${access}"}`, basic(user))).toEqual([200, 'true']);
      expect(await get('alice/mine', basic('alice'))).toEqual([200, `{"access":"${access}"}`]);
    }
  });

  it.each(['', '{}', '{"access":"secret"}', '{"access":true}', '"private"', 'null', '[]', '{"access":'])(
    'answers 400 to %s',
    async (body) => {
      await startPush(server, 'alice/data', []);
      expect(await put('alice/data', body, basic('alice'))).toEqual([400, errorText('Invalid data')]);
      expect(await get('alice/data')).toEqual(PUBLIC);
    },
  );

  it('answers 401 to anonymous callers and to tokens of any kind', async () => {
    const write = await startPush(server, 'alice/tokens', []);
    const read = await startPull(server, 'alice/tokens', 'alice');
    for (const authorization of [undefined, 'Token ', 'Basic Og==', write, read]) {
      const answer = await call(server, 'put', at('alice/tokens'), {
        ...credentials(authorization),
        body: '{"access":"private"}',
      });
      expect([answer.status, answer.text]).toEqual(UNAUTHORIZED);
      expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
    }
    expect(await get('alice/tokens')).toEqual(PUBLIC);
  });

  it('answers 403 to other users, 404 if they may not read the repository or if it does not exist', async () => {
    await startPush(server, 'alice/seen', []);
    await startPush(server, 'alice/unseen', []);
    await makePrivate(server, 'alice/unseen', 'alice');
    const body = '{"access":"public"}';
    expect(await put('alice/seen', body, basic('carol'))).toEqual([403, errorText('Access denied')]);
    expect(await put('alice/unseen', body, basic('carol'))).toEqual(NOT_FOUND);
    expect(await put('alice/nothing', body, basic('alice'))).toEqual(NOT_FOUND);
    expect(await get('alice/unseen', basic('alice'))).toEqual(PRIVATE);
  });
});
