import { readPolicyTable } from '../../features/access/policy-table';
import { askApi, type ApiRequest } from '../../helpers/api-client';
import { addRepository, castOn, castRepositories, type Player, type Role } from '../../helpers/cast';
import { createImage, pushImages } from '../../helpers/images';
import { startTestServer, type TestServer } from '../../helpers/test-server';

/*
 * The table of `policy.ts`, cell by cell, for the whole cast through the API.
 */

const TABLE = readPolicyTable();
const REPOSITORIES = castRepositories();
const IMAGE = createImage();
const OWNERS = { alice: 'alice', acme: 'owner' };

let server: TestServer;
let players: Player[];
beforeAll(async () => {
  server = await startTestServer();
  players = await castOn(server);
  for (const { namespace, name } of REPOSITORIES) {
    await pushImages(server, `${namespace}/${name}`, [IMAGE], { user: OWNERS[namespace] });
  }
});
afterAll(() => server.close());

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type Cell = readonly [method: Method, path: string, success: number, body?: unknown];

function ask(player: Player, method: Method, path: string, sent: ApiRequest = {}): ReturnType<typeof askApi> {
  const { authorization } = player;
  const who = authorization === undefined ? {} : { Authorization: authorization };
  return askApi(server, method, `/api/v1.1${path}`, { ...sent, headers: { ...who, ...sent.headers } });
}

function allows(action: string, role: Role): boolean {
  const row = TABLE.get(action);
  if (row === undefined) throw new Error(`the table has no row ${action}`);
  return role !== 'refused' && row[role];
}

function mayRead(visibility: string, role: Role): boolean {
  return allows(visibility === 'unlisted' ? 'read, unlisted (by name)' : `read, ${visibility}`, role);
}

/** The status for a player without the right: the repository does not exist for them, unless a login may help. */
function refusal(player: Player, role: Role, method: Method, isReader: boolean): number {
  if (role === 'refused') return player.name === 'inactive' ? 403 : 401;
  if (player.authorization === undefined) return 401;
  // Such a token changes nothing anywhere, which discloses nothing.
  if (method !== 'get' && player.name.startsWith('read token')) return 403;
  return isReader ? 403 : 404;
}

/** Has every player try the cells, and compares the answers with the table. */
async function everybodyTries(
  { namespace, visibility }: (typeof REPOSITORIES)[number],
  cells: readonly Cell[],
  isAllowed: (role: Role) => boolean,
  prepare: (cell: Cell) => Promise<unknown> = () => Promise.resolve(),
  isOpen = false,
): Promise<void> {
  const seen = new Map<string, string[]>();
  const expected = new Map<string, string[]>();
  for (const player of players) {
    const role = player.roles[namespace];
    const answers: string[] = [];
    for (const cell of cells) {
      const [method, path, , body] = cell;
      await prepare(cell);
      const sent = { headers: { 'If-Match': '*' }, ...(body === undefined ? {} : { body }) };
      answers.push(`${method} ${path} ${(await ask(player, method, path, sent)).status}`);
    }
    seen.set(player.name, answers);
    const isReader = mayRead(visibility, role);
    const statuses = cells.map(([method, path, success]) => {
      // If every caller may ask, the answer must hide that there is a private repository.
      const isHidden = isOpen && player.authorization === undefined;
      const refused = isHidden ? 404 : refusal(player, role, method, isReader);
      const status = isAllowed(role) ? success : refused;
      return `${method} ${path} ${status}`;
    });
    expected.set(player.name, statuses);
  }
  expect(seen).toEqual(expected);
}

describe.each(REPOSITORIES)('$namespace/$name', (repository) => {
  const { namespace, name, visibility } = repository;
  const path = `/repositories/${namespace}/${name}/`;
  const root = (): Player => players.find((player) => player.name === 'administrator')!;

  it('who reads', async () => {
    const cells = ['', 'tags/', 'tags/latest/', 'tags/latest/image-history/', 'tag-history/', 'images/', 'statistics/'];
    await everybodyTries(
      repository,
      cells.map((part) => ['get', `${path}${part}`, 200] as const),
      (role) => mayRead(visibility, role),
      () => Promise.resolve(),
      true,
    );
  });

  it('every reader learns what they may do', async () => {
    for (const player of players) {
      const role = player.roles[namespace];
      if (!mayRead(visibility, role)) continue;
      const { body } = await ask(player, 'get', path);
      expect([player.name, body.can_write, body.can_administer]).toEqual([
        player.name,
        allows('push, move tags', role),
        allows('delete, settings, visibility,', role),
      ]);
    }
  });

  it('who sets tags', async () => {
    const cells: Cell[] = [['put', `${path}tags/latest/`, 200, { image_id: IMAGE.id }]];
    await everybodyTries(repository, cells, (role) => allows('push, move tags', role));
  });

  it('who changes settings, name and sharing, and sees them', async () => {
    const sharing: Cell =
      namespace === 'alice'
        ? ['put', `${path}collaborators/collaborator/`, 204]
        : ['put', `${path}teams/write/`, 200, { access: 'write' }];
    const cells: Cell[] = [
      ['patch', path, 200, { visibility, description: 'as it was' }],
      ['post', `${path}move/`, 200, { namespace, name }],
      sharing,
      ['get', `${path}collaborators/`, 200],
      ['get', `${path}teams/`, 200],
      ['get', `${path}aliases/`, 200],
      ['get', `${path}statistics/engines/`, 200],
      ['get', `${path}webhooks/`, 200],
    ];
    await everybodyTries(repository, cells, (role) => allows('delete, settings, visibility,', role));
  });

  it('who deletes tags', async () => {
    const cells: Cell[] = [['delete', `${path}tags/doomed/`, 204]];
    const prepare = () => ask(root(), 'put', `${path}tags/doomed/`, { body: { image_id: IMAGE.id } });
    await everybodyTries(repository, cells, (role) => allows('delete, settings, visibility,', role), prepare);
  });

  it('who deletes it', async () => {
    const rows = () => server.ctx.db('repositories').where({ namespace, name });
    const prepare = async () => {
      if ((await rows()).length === 0) await addRepository(server, repository);
    };
    const cells: Cell[] = [['delete', path, 204]];
    await everybodyTries(repository, cells, (role) => allows('delete, settings, visibility,', role), prepare);
    await prepare();
  });
});

it.each(['alice', 'acme'] as const)('who finds the repository in the list of %s', async (namespace) => {
  for (const player of players) {
    const role = player.roles[namespace];
    const { status, body } = await ask(player, 'get', `/repositories/${namespace}/`, { query: { page_size: 100 } });
    if (role === 'refused') {
      expect([player.name, status]).toEqual([player.name, refusal(player, role, 'get', true)]);
      continue;
    }
    const expected = REPOSITORIES.filter(({ namespace: other }) => other === namespace).filter(({ visibility }) =>
      allows(`find in a listing, ${visibility === 'public' ? 'public' : 'others'}`, role),
    );
    const names = expected.map(({ name }) => name).sort();
    const found = body.results.map(({ name }: { name: string }) => name).sort();
    expect([player.name, body.count, found]).toEqual([player.name, names.length, names]);
  }
});

it('who finds the repository in a search', async () => {
  for (const player of players) {
    const { status, body } = await ask(player, 'get', '/search/', { query: { q: 'app', page_size: 100 } });
    if (player.roles.alice === 'refused') {
      expect([player.name, status]).toEqual([player.name, refusal(player, 'refused', 'get', true)]);
      continue;
    }
    const expected = REPOSITORIES.filter(({ namespace, visibility }) =>
      allows(`find in search, ${visibility}`, player.roles[namespace]),
    );
    const names = expected.map(({ namespace, name }) => `${namespace}/${name}`).sort();
    const found = body.results.map(({ name }: { name: string }) => name).sort();
    expect([player.name, body.count, found]).toEqual([player.name, names.length, names]);
  }
});

it('who creates repositories in which namespace', async () => {
  const creators: Record<string, string[]> = {
    alice: ['repository owner', 'administrator', 'admin token of alice', 'admin token of root'],
    acme: ['organization owner', 'administrator', 'admin token of root'],
    library: ['administrator', 'admin token of root'],
  };
  const seen = new Map<string, number[]>();
  const expected = new Map<string, number[]>();
  for (const player of players) {
    const namespaces = Object.keys(creators);
    const statuses: number[] = [];
    for (const namespace of namespaces) {
      const { status } = await ask(player, 'post', '/repositories/', { body: { namespace, name: 'fresh' } });
      statuses.push(status);
      await server.ctx.db('repositories').where({ name: 'fresh' }).delete();
    }
    seen.set(player.name, statuses);
    const refused = refusal(player, player.roles.alice, 'post', true);
    expected.set(
      player.name,
      namespaces.map((namespace) => (creators[namespace]?.includes(player.name) === true ? 201 : refused)),
    );
  }
  expect(seen).toEqual(expected);
});
