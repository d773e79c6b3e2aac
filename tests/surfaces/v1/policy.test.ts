import request from 'supertest';
import { castOn, castRepositories, type Player, type Role } from '../../helpers/cast';
import { startTestServer, type TestServer } from '../../helpers/test-server';
import { readPolicyTable } from '../../features/access/policy-table';

/*
 * The table of `policy.ts`, cell by cell, for the whole cast through v1.
 */

const TABLE = readPolicyTable();

let server: TestServer;
let players: Player[];
beforeAll(async () => {
  server = await startTestServer();
  players = await castOn(server);
});
afterAll(() => server.close());

async function status(
  player: Player,
  method: 'get' | 'put' | 'delete',
  path: string,
  body?: object | string,
): Promise<number> {
  const call = request(server.server)[method](`/v1${path}`);
  if (player.authorization !== undefined) call.set('Authorization', player.authorization);
  if (body !== undefined) call.set('Content-Type', 'application/json').send(body);
  return (await call).status;
}

function allows(action: string, role: Role): boolean {
  const row = TABLE.get(action);
  if (row === undefined) throw new Error(`the table has no row ${action}`);
  return role !== 'refused' && row[role];
}

const rowOf = (visibility: string): string =>
  visibility === 'unlisted' ? 'read, unlisted (by name)' : `read, ${visibility}`;

/** The status for a player without the right: the repository does not exist for them, unless a login may help. */
function refusal(player: Player, role: Role, mayRead: boolean): number {
  if (role === 'refused') return player.name === 'inactive' ? 403 : 401;
  if (player.authorization === undefined) return 401;
  return mayRead ? 403 : 404;
}

const REPOSITORIES = castRepositories();

describe.each(REPOSITORIES)('$namespace/$name', ({ namespace, name, visibility }) => {
  const path = `/repositories/${namespace}/${name}`;

  it('who reads (R8)', async () => {
    const seen = new Map<string, number[]>();
    const expected = new Map<string, number[]>();
    for (const player of players) {
      const role = player.roles[namespace];
      const mayRead = allows(rowOf(visibility), role);
      const paths = [`${path}/images`, `${path}/tags`, `${path}/properties`];
      seen.set(player.name, await Promise.all(paths.map((each) => status(player, 'get', each))));
      expected.set(player.name, Array<number>(3).fill(mayRead ? 200 : refusal(player, role, false)));
    }
    expect(seen).toEqual(expected);
  });

  it('who pushes (R8)', async () => {
    const seen = new Map<string, number[]>();
    const expected = new Map<string, number[]>();
    for (const player of players) {
      const role = player.roles[namespace];
      const mayWrite = allows('push, move tags', role);
      const mayRead = allows(rowOf(visibility), role);
      const missing = { path: `${path}/tags/none`, body: `"${'0'.repeat(64)}"` };
      seen.set(player.name, [
        await status(player, 'put', `${path}/`, []),
        await status(player, 'put', `${path}/images`, []),
        await status(player, 'put', missing.path, missing.body),
      ]);
      const refused = refusal(player, role, mayRead);
      // The start of a push does not disclose whether there is a repository of this name.
      const start = refused === 404 ? 403 : refused;
      expected.set(player.name, mayWrite ? [200, 204, 404] : [start, refused, refused]);
    }
    expect(seen).toEqual(expected);
  });

  it('who changes settings, and who deletes (R8)', async () => {
    const seen = new Map<string, number[]>();
    const expected = new Map<string, number[]>();
    for (const player of players) {
      const role = player.roles[namespace];
      const mayAdminister = allows('delete, settings, visibility,', role);
      const mayRead = allows(rowOf(visibility), role);
      const deletion = await status(player, 'delete', `${path}/`);
      await server.ctx.db('repositories').where({ namespace, name }).update({ state: 'active', deleting_since: null });
      seen.set(player.name, [await status(player, 'put', `${path}/properties`, { access: visibility }), deletion]);
      const refused = refusal(player, role, mayRead);
      expected.set(player.name, mayAdminister ? [200, 202] : [refused, refused]);
    }
    expect(seen).toEqual(expected);
  });
});

it('who finds the repository in a search (R8)', async () => {
  for (const player of players) {
    const call = request(server.server).get('/v1/search?q=app&n=100');
    if (player.authorization !== undefined) call.set('Authorization', player.authorization);
    const { body } = (await call) as { body: { results?: { name: string }[] } };
    const found = (body.results ?? []).map((hit) => hit.name).sort();
    const expected = REPOSITORIES.filter(({ namespace, visibility }) =>
      allows(`find in search, ${visibility}`, player.roles[namespace]),
    );
    const names = expected.map(({ namespace, name }) => `${namespace}/${name}`).sort();
    expect({ player: player.name, found }).toEqual({ player: player.name, found: names });
  }
});

it('who creates repositories in which namespace by pushing (R8)', async () => {
  const seen = new Map<string, number[]>();
  const expected = new Map<string, number[]>();
  const creators: Record<string, string[]> = {
    alice: ['repository owner', 'administrator', 'write token of alice', 'admin token of alice', 'admin token of root'],
    acme: ['organization owner', 'administrator', 'admin token of root'],
    library: ['administrator', 'admin token of root'],
  };
  for (const player of players) {
    const namespaces = Object.keys(creators);
    const statuses: number[] = [];
    for (const namespace of namespaces) {
      statuses.push(await status(player, 'put', `/repositories/${namespace}/fresh/`, []));
      await server.ctx.db('repositories').where({ name: 'fresh' }).delete();
    }
    seen.set(player.name, statuses);
    const refused = refusal(player, player.roles.alice, true);
    expected.set(
      player.name,
      namespaces.map((namespace) => (creators[namespace]?.includes(player.name) === true ? 200 : refused)),
    );
  }
  expect(seen).toEqual(expected);
});
