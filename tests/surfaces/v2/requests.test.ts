import request from 'supertest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { updateUser } from '../../../src/features/accounts/users';
import { castOn, type Player, type Role } from '../../helpers/cast';
import { recordStatements } from '../../helpers/statements';
import { basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { startProbes } from '../../helpers/v2-probes';

/* What handlers of v2 get of the repository that a path names, by rights and by the scopes of a Bearer token. */

let server: TestServer;
let probes: Awaited<ReturnType<typeof startProbes>>;
let cast: Player[];
beforeAll(async () => {
  server = await startTestServer();
  cast = await castOn(server);
  probes = await startProbes(server);
});
afterAll(async () => {
  await probes.close();
  await server.close();
});

type Method = 'get' | 'head' | 'put' | 'post' | 'patch' | 'delete';

async function ask(method: Method, path: string, authorization: string | undefined) {
  const asked = request(probes.server)[method](`/v2/${path}`);
  return authorization === undefined ? asked : asked.set('Authorization', authorization);
}

async function statusOf(...asked: Parameters<typeof ask>): Promise<number> {
  return (await ask(...asked)).status;
}

/** A Bearer token for these scopes. */
async function bearer(authorization: string | undefined, ...scopes: string[]): Promise<string> {
  const query = scopes.map((scope) => `scope=${scope}`).join('&');
  const asked = request(server.server).get(`/v2/token?${query}`);
  const { body } = await (authorization === undefined ? asked : asked.set('Authorization', authorization));
  return `Bearer ${body.token}`;
}

const READ = ['get', 'manifests/latest'] as const;
const PUSH = ['put', 'manifests/latest'] as const;
const UPLOAD = ['patch', 'blobs/uploads/1'] as const;
const DELETE = ['delete', 'manifests/latest'] as const;

/** The answers that a role gets to a read, a push, a part of an upload and a deletion. */
function expected(role: Role, visibility: string, isAnonymous: boolean): number[] {
  if (role === 'refused') return [401, 401, 401, 401];
  if (isAnonymous) return [visibility === 'private' ? 401 : 200, 401, 401, 401];
  if (role === 'none' && visibility === 'private') return [404, 404, 404, 404];
  return {
    none: [200, 403, 403, 403],
    read: [200, 403, 403, 403],
    write: [200, 200, 200, 403],
    admin: [200, 200, 200, 200],
  }[role];
}

describe('with Basic or without credentials', () => {
  it('each account and access token may do what its role allows', async () => {
    for (const { name, authorization, roles } of cast) {
      for (const namespace of ['alice', 'acme'] as const) {
        for (const visibility of ['public', 'unlisted', 'private'] as const) {
          const repository = `${namespace}/app-${visibility}`;
          const statuses = [];
          for (const [method, path] of [READ, PUSH, UPLOAD, DELETE])
            statuses.push(await statusOf(method, `${repository}/${path}`, authorization));
          const wanted = expected(roles[namespace], visibility, authorization === undefined);
          expect([name, repository, statuses]).toEqual([name, repository, wanted]);
        }
      }
    }
  });

  it('gives the same answer for a missing repository as for a private one', async () => {
    for (const authorization of [undefined, basic('stranger')]) {
      for (const [method, path] of [READ, PUSH, UPLOAD, DELETE]) {
        const ofPrivate = await ask(method, `alice/app-private/${path}`, authorization);
        const ofMissing = await ask(method, `alice/nothing/${path}`, authorization);
        const [one, other] = [ofPrivate, ofMissing].map(({ status, body, headers }) => {
          return [status, body, headers['www-authenticate']?.replace(/app-private|nothing/, 'R')];
        });
        expect(one).toEqual(other);
      }
    }
  });

  it('says what docker prints', async () => {
    const denied = (await ask(...PUSH_TO_PUBLIC, basic('stranger'))).body.errors;
    expect(denied).toEqual([{ code: 'DENIED', message: 'requested access to the resource is denied', detail: null }]);
    const unknown = (await ask('get', 'alice/nothing/manifests/x', basic('alice'))).body.errors;
    expect(unknown).toEqual([{ code: 'NAME_UNKNOWN', message: 'repository name not known to registry', detail: null }]);
  });

  it('answers 400 to names that no repository has', async () => {
    for (const name of ['Alice/app', 'alice/App', 'alice/a~b', 'UBUNTU', 'alice/images']) {
      const { status, body } = await ask('get', `${name}/manifests/latest`, basic('alice'));
      expect([name, status, body.errors[0].code]).toEqual([name, 400, 'NAME_INVALID']);
    }
  });
});

const PUSH_TO_PUBLIC = ['put', 'alice/app-public/manifests/latest'] as const;

describe('with a Bearer token', () => {
  it('allows what its scopes and the rights of the account both allow', async () => {
    const token = await bearer(basic('alice'), 'repository:alice/app-private:pull', 'repository:alice/app-public:push');
    const statuses = await Promise.all([
      statusOf('get', 'alice/app-private/manifests/latest', token),
      statusOf('put', 'alice/app-private/manifests/latest', token),
      statusOf(...PUSH_TO_PUBLIC, token),
      statusOf('get', 'alice/app-public/manifests/latest', token),
      statusOf('delete', 'alice/app-public/manifests/latest', token),
      statusOf('get', 'alice/app-unlisted/manifests/latest', token),
    ]);
    expect(statuses).toEqual([200, 401, 200, 401, 401, 401]);
  });

  it('allows an anonymous caller to pull what is public', async () => {
    const token = await bearer(undefined, 'repository:alice/app-public:pull,push', 'repository:alice/app-private:pull');
    expect(await statusOf('get', 'alice/app-public/manifests/latest', token)).toBe(200);
    expect(await statusOf('get', 'alice/app-private/manifests/latest', token)).toBe(401);
    expect(await statusOf(...PUSH_TO_PUBLIC, token)).toBe(401);
  });

  it('checks the rights of the account again at each request', async () => {
    const token = await bearer(basic('collaborator'), 'repository:alice/app-private:pull,push');
    const path = 'alice/app-private/manifests/latest';
    expect([await statusOf('get', path, token), await statusOf('put', path, token)]).toEqual([200, 200]);
    const rows = await server.ctx.db('collaborators').select('*');
    await server.ctx.db('collaborators').delete();
    expect([await statusOf('get', path, token), await statusOf('put', path, token)]).toEqual([404, 404]);
    await server.ctx.db('collaborators').insert(rows);
  });

  it('ends with the password', async () => {
    const token = await bearer(basic('reader'), 'repository:acme/app-private:pull');
    expect(await statusOf('get', 'acme/app-private/manifests/latest', token)).toBe(200);
    await updateUser(server.ctx, OPERATOR_ACTOR, 'reader', { password: 'another' });
    const { status, headers } = await ask('get', 'acme/app-private/manifests/latest', token);
    expect([status, headers['www-authenticate']]).toEqual([401, expect.stringMatching(/,error="invalid_token"$/)]);
    await updateUser(server.ctx, OPERATOR_ACTOR, 'reader', { password: 'readerpw' });
  });

  it('runs one query for rights, and none for the token', async () => {
    const token = await bearer(basic('alice'), 'repository:alice/app-private:*');
    for (const [method, path] of [READ, PUSH, UPLOAD, DELETE]) {
      const { result, statements } = await recordStatements(server.ctx.db, () =>
        statusOf(method, `alice/app-private/${path}`, token),
      );
      expect([result, statements.length]).toEqual([200, 1]);
    }
  });
});

describe('a push to a repository that does not exist', () => {
  it('creates it for those who may, once, with an event', async () => {
    const { db } = server.ctx;
    const token = await bearer(basic('alice'), 'repository:alice/fresh:push,pull');
    expect(await statusOf('get', 'alice/fresh/manifests/latest', token)).toBe(404);
    expect(await statusOf('patch', 'alice/fresh/blobs/uploads/1', token)).toBe(404);
    const uploads = Array.from({ length: 5 }, () => statusOf('post', 'alice/fresh/blobs/uploads/', token));
    expect(await Promise.all(uploads)).toEqual([200, 200, 200, 200, 200]);
    expect(await db('repositories').where({ namespace: 'alice', name: 'fresh' }).pluck('state')).toEqual([
      'initialized',
    ]);
    const events = await db('audit_events').where({ action: 'repository.created', subject: 'alice/fresh' });
    expect(events).toHaveLength(1);
    expect(await statusOf('get', 'alice/fresh/manifests/latest', token)).toBe(200);
  });

  it('follows the default visibility of the namespace', async () => {
    await server.ctx.db('namespaces').where({ name: 'alice' }).update({ default_visibility: 'private' });
    expect(await statusOf('put', 'alice/hidden/manifests/latest', basic('alice'))).toBe(200);
    await server.ctx.db('namespaces').where({ name: 'alice' }).update({ default_visibility: 'public' });
    const [row] = await server.ctx
      .db('repositories')
      .where({ namespace: 'alice', name: 'hidden' })
      .select('visibility');
    expect(row.visibility).toBe('private');
  });

  it('is refused while a repository of that name is being deleted', async () => {
    const going = { namespace: 'alice', name: 'going', state: 'deleting', deleting_since: new Date() };
    await server.ctx.db('repositories').insert(going);
    const { status, body } = await ask('put', 'alice/going/manifests/latest', basic('alice'));
    expect([status, body.errors[0].message]).toEqual([403, 'Repository is being deleted']);
    expect(await statusOf('get', 'alice/going/manifests/latest', basic('alice'))).toBe(404);
    expect(await statusOf('delete', 'alice/going/manifests/latest', basic('alice'))).toBe(404);
    for (const method of ['put', 'delete'] as const)
      expect(await statusOf(method, 'alice/going/manifests/latest', basic('stranger'))).toBe(404);
  });
});

describe('a mount from another repository', () => {
  async function mayMount(from: string, authorization: string | undefined): Promise<boolean> {
    return (await ask('put', `alice/app-public/mounts?from=${from}`, authorization)).body.mayPull;
  }

  it('needs the right to pull there, and a scope for it unless everyone may', async () => {
    const narrow = await bearer(basic('alice'), 'repository:alice/app-public:push,pull');
    const wide = await bearer(basic('alice'), 'repository:alice/app-public:push', 'repository:alice/app-private:pull');
    expect(await mayMount('app-private', basic('alice'))).toBe(true);
    expect(await mayMount('app-private', wide)).toBe(true);
    expect(await mayMount('app-private', narrow)).toBe(false);
    expect(await mayMount('app-public', narrow)).toBe(true);
    expect(await mayMount('app-private', basic('stranger'))).toBe(false);
    expect(await mayMount('nothing', basic('alice'))).toBe(false);
  });
});
