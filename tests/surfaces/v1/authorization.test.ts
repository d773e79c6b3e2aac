import request from 'supertest';
import { issueToken } from '../../../src/features/tokens/token';
import { createChain, pushImages, startPull, startPush } from '../../helpers/images';
import { CHALLENGE, addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const HOUR_MS = 3_600_000;

let server: TestServer;
let secret: string;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await pushImages(server, 'alice/app', createChain(1));
  await pushImages(server, 'alice/secret', createChain(1));
  await server.ctx.db('repositories').where({ name: 'secret' }).update({ visibility: 'private' });
  secret = (await startPull(server, 'alice/secret', 'alice')).slice('Token '.length);
});
afterAll(() => server.close());

/** The statuses of an index route and of a registry route. */
async function statuses(repository: string, authorization: string): Promise<number[]> {
  const get = (part: string) =>
    request(server.server).get(`/v1/repositories/${repository}/${part}`).set('Authorization', authorization);
  return [(await get('images')).status, (await get('tags')).status];
}

describe('unknown and empty credentials', () => {
  it.each(['Basic Og==', 'basic Og==', 'Token ', 'Token', 'token', 'Token Token', ' '])(
    '%j is anonymous: a public repository can be read, a private one asks for a login',
    async (authorization) => {
      expect(await statuses('alice/app', authorization)).toEqual([200, 200]);
      expect(await statuses('alice/secret', authorization)).toEqual([401, 401]);
    },
  );
});

describe('the forms of a token', () => {
  const split = (): [string, string, string] => {
    const [signature = '', repository = '', access = ''] = secret.split(',');
    return [signature, repository, access];
  };
  const FORMS: Record<string, () => string> = {
    'as it was given': () => `Token ${secret}`,
    'with the prefix twice': () => `Token Token ${secret}`,
    'with spaces after the commas': () => `Token ${split().join(', ')}`,
    'in another case of the prefix': () => `token ${secret}`,
    'without quotes': () => `Token ${secret.replaceAll('"', '')}`,
    'in another order': () => `Token ${split().reverse().join(',')}`,
    'with colons': () => `Token ${secret.replaceAll('=', ':')}`,
    'twice in one header': () => `Token ${secret}, Token ${secret}`,
    'behind one that has ended': () =>
      `Token signature=${'0'.repeat(90)},repository="alice/secret",access=read,${secret}`,
  };

  it.each(Object.keys(FORMS))('accepts a token as %s', async (form) => {
    expect(await statuses('alice/secret', FORMS[form]!())).toEqual([200, 200]);
  });
});

describe('invalid tokens', () => {
  const identity = { userId: 1, credentialsEpoch: 0 };
  const repository = { namespace: 'alice', name: 'secret' };
  const issue = (hoursAgo: number, access: 'read' | 'write' | 'delete' = 'read', key = server.ctx.tokenKey): string =>
    `Token ${issueToken(key, { identity, repository, access }, Date.now() - hoursAgo * HOUR_MS).text}`;

  it('accepts a token before it expires, also for a public repository', async () => {
    expect(await statuses('alice/secret', issue(11.9))).toEqual([200, 200]);
    expect(await statuses('alice/secret', issue(23.9, 'write'))).toEqual([200, 200]);
  });

  it('refuses an expired token with 401', async () => {
    expect(await statuses('alice/secret', issue(12.1))).toEqual([401, 401]);
    expect(await statuses('alice/secret', issue(72.1, 'write'))).toEqual([401, 401]);
    expect(await statuses('alice/secret', issue(0.26, 'delete'))).toEqual([401, 401]);
  });

  it('refuses a token that was signed with another key with 401', async () => {
    expect(await statuses('alice/secret', issue(0, 'read', Buffer.alloc(32)))).toEqual([401, 401]);
  });

  it('refuses a token for another repository with 401, even if this one is public (R5)', async () => {
    expect(await statuses('alice/app', issue(0))).toEqual([401, 401]);
  });

  it.each([
    ['the repository', (token: string) => token.replace('alice/secret', 'alice/secreu')],
    ['the access', (token: string) => token.replace('access=read', 'access=write')],
    ['the signature', (token: string) => token.replace(/signature=0/, 'signature=1')],
    ['the length', (token: string) => token.replace(',repository', '00,repository')],
  ])('refuses a token with a changed %s with 401', async (_, change) => {
    const changed = change(`Token ${secret}`);
    expect(changed).not.toBe(`Token ${secret}`);
    expect(await statuses('alice/secret', changed)).toEqual([401, 401]);
  });

  it.each([
    'Token x',
    'Token signature=',
    'Token signature=abc,repository="alice/app",access=read',
    'Bearer x',
    'Basic',
  ])('refuses %s with 401, even if the repository is public', async (authorization) => {
    expect(await statuses('alice/app', authorization)).toEqual([401, 401]);
  });

  it('the index and the registry name each scheme that they accept', async () => {
    const get = (part: string) =>
      request(server.server).get(`/v1/repositories/alice/app/${part}`).set('Authorization', 'Token x');
    const index = await get('images');
    expect([index.text, index.headers['www-authenticate']]).toEqual(['""', CHALLENGE]);
    const registry = await get('tags');
    expect([registry.text, registry.headers['www-authenticate']]).toEqual([
      '{"error":"Requires authorization"}',
      CHALLENGE,
    ]);
  });

  it('a read token writes nothing, and a write token also reads', async () => {
    const read = `Token ${secret}`;
    const put = await request(server.server)
      .put('/v1/repositories/alice/secret/tags/other')
      .set('Authorization', read)
      .send('"x"');
    expect([put.status, put.headers['www-authenticate']]).toEqual([401, CHALLENGE]);
    const write = await startPush(server, 'alice/secret', []);
    expect(await statuses('alice/secret', write)).toEqual([200, 200]);
  });

  it('a token ends when its account does', async () => {
    await addUser(server, 'robert');
    await startPush(server, 'robert/app', [], 'robert');
    const read = await startPull(server, 'alice/app', 'robert');
    await server.ctx.db('repositories').where({ namespace: 'robert' }).delete();
    await server.ctx.db('namespaces').where({ name: 'robert' }).delete();
    await server.ctx.db('users').where({ username: 'robert' }).delete();
    expect(await statuses('alice/app', read)).toEqual([401, 401]);
  });
});
