import request from 'supertest';
import { castOn, castRepositories, type Player, type Role } from '../../helpers/cast';
import { readPolicyTable } from '../../features/access/policy-table';
import { basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { digestOf, imageOf, OCI_MANIFEST, pushImage, type Described } from '../../helpers/v2-client';

/*
 * The table of `policy.ts`, cell by cell, for the whole cast through v2: with Basic, and with a Bearer token for which
 * the same credentials asked for everything. The rights are those of v1 (tests/surfaces/v1/policy.test.ts).
 */

const TABLE = readPolicyTable();
const REPOSITORIES = castRepositories();
const ABSENT = `sha256:${'0'.repeat(64)}`;
const BYTES = Buffer.from('pushed by everyone who may');

interface Held {
  readonly manifest: Described;
  readonly config: Described;
  readonly layer: Described;
}

let server: TestServer;
let players: Player[];
const held = new Map<string, Held>();

beforeAll(async () => {
  server = await startTestServer();
  players = await castOn(server);
  for (const { namespace, name } of REPOSITORIES) {
    held.set(`${namespace}/${name}`, await pushImage(server, `${namespace}/${name}`, 'latest', { user: 'root' }));
  }
});
afterAll(() => server.close());

type Method = 'get' | 'head' | 'put' | 'post' | 'delete';

/** The status, and the code of the error if there is one. */
async function ask(
  authorization: string | undefined,
  method: Method,
  path: string,
  body?: Buffer | string,
  type = 'application/octet-stream',
): Promise<string> {
  const call = request(server.server)[method](`/v2${path}`);
  if (authorization !== undefined) call.set('Authorization', authorization);
  if (body !== undefined) call.set('Content-Type', type).send(body);
  const answer = await call;
  const code = (answer.body as { errors?: { code: string }[] }).errors?.[0]?.code;
  return [answer.status, ...(code === undefined ? [] : [code])].join(' ');
}

async function bearerOf({ authorization }: Player, repository: string): Promise<string> {
  const call = request(server.server).get(`/v2/token?scope=repository:${repository}:*`);
  const { body } = await (authorization === undefined ? call : call.set('Authorization', authorization));
  return `Bearer ${(body as { token: string }).token}`;
}

function allows(action: string, role: Role): boolean {
  const row = TABLE.get(action);
  if (row === undefined) throw new Error(`the table has no row ${action}`);
  return role !== 'refused' && row[role];
}

const readRow = (visibility: string): string =>
  visibility === 'unlisted' ? 'read, unlisted (by name)' : `read, ${visibility}`;

interface Rights {
  readonly read: boolean;
  readonly write: boolean;
  readonly administer: boolean;
}

function rightsOf(role: Role, visibility: string): Rights {
  return {
    read: allows(readRow(visibility), role),
    write: allows('push, move tags', role),
    administer: allows('delete, settings, visibility,', role),
  };
}

/** What reads, pushes and deletions of all kinds answer, each deletion of something that does not exist. */
async function answersTo(authorization: string | undefined, repository: string): Promise<Record<string, string>> {
  const { manifest, config, layer } = held.get(repository) as Held;
  const image = JSON.stringify(imageOf(config, [layer]));
  return {
    'pull by tag': await ask(authorization, 'get', `/${repository}/manifests/latest`),
    'head by digest': await ask(authorization, 'head', `/${repository}/manifests/${manifest.digest}`),
    'pull blob': await ask(authorization, 'get', `/${repository}/blobs/${layer.digest}`),
    tags: await ask(authorization, 'get', `/${repository}/tags/list`),
    referrers: await ask(authorization, 'get', `/${repository}/referrers/${ABSENT}`),
    'push blob': await ask(authorization, 'post', `/${repository}/blobs/uploads/?digest=${digestOf(BYTES)}`, BYTES),
    'push manifest': await ask(authorization, 'put', `/${repository}/manifests/latest`, image, OCI_MANIFEST),
    'delete tag': await ask(authorization, 'delete', `/${repository}/manifests/none`),
    'delete manifest': await ask(authorization, 'delete', `/${repository}/manifests/${ABSENT}`),
    'delete blob': await ask(authorization, 'delete', `/${repository}/blobs/${ABSENT}`),
  };
}

interface Refusals {
  readonly head: string;
  readonly read: string;
  readonly referrers: string;
  readonly write: string;
  readonly administer: string;
}

function expected({ read, write, administer }: Rights, refused: Refusals): Record<string, string> {
  return {
    'pull by tag': read ? '200' : refused.read,
    'head by digest': read ? '200' : refused.head,
    'pull blob': read ? '200' : refused.read,
    tags: read ? '200' : refused.read,
    referrers: read ? '200' : refused.referrers,
    'push blob': write ? '201' : refused.write,
    'push manifest': write ? '201' : refused.write,
    'delete tag': administer ? '404 MANIFEST_UNKNOWN' : refused.administer,
    'delete manifest': administer ? '404 MANIFEST_UNKNOWN' : refused.administer,
    'delete blob': administer ? '404 BLOB_UNKNOWN' : refused.administer,
  };
}

const UNAUTHORIZED: Refusals = {
  head: '401',
  read: '401 UNAUTHORIZED',
  referrers: '401 UNAUTHORIZED',
  write: '401 UNAUTHORIZED',
  administer: '401 UNAUTHORIZED',
};

/** For a caller with Basic: the repository does not exist for them, unless a login may help or they may read it. */
function refusalsOf(player: Player, role: Role, { read }: Rights): Refusals {
  if (role === 'refused' || player.authorization === undefined) return UNAUTHORIZED;
  const other = read ? '403 DENIED' : '404 NAME_UNKNOWN';
  return { head: '404', read: '404 NAME_UNKNOWN', referrers: '200', write: other, administer: other };
}

describe.each(REPOSITORIES)('$namespace/$name', ({ namespace, name, visibility }) => {
  const repository = `${namespace}/${name}`;

  it('allows each account with Basic what its role allows (R8)', async () => {
    for (const player of players) {
      const role = player.roles[namespace];
      const rights = rightsOf(role, visibility);
      const answers = await answersTo(player.authorization, repository);
      expect([player.name, answers]).toEqual([player.name, expected(rights, refusalsOf(player, role, rights))]);
    }
  });

  it('allows each account the same with a Bearer token, which grants nothing else (R8)', async () => {
    for (const player of players) {
      const role = player.roles[namespace];
      const answers = await answersTo(await bearerOf(player, repository), repository);
      expect([player.name, answers]).toEqual([player.name, expected(rightsOf(role, visibility), UNAUTHORIZED)]);
    }
  });

  it('is the source of mounts for those who may read it (R8)', async () => {
    const { layer } = held.get(repository) as Held;
    for (const user of ['stranger', 'collaborator', 'reader', 'writer', 'owner', 'alice', 'root']) {
      const role = players.find(({ authorization }) => authorization === basic(user))?.roles[namespace] ?? 'none';
      const path = `/${user}/${namespace}-${name}/blobs/uploads/?mount=${layer.digest}&from=${repository}`;
      const isRead = allows(readRow(visibility), role);
      expect([user, await ask(basic(user), 'post', path)]).toEqual([user, isRead ? '201' : '202']);
    }
  });
});

it('the catalog has what each account finds in a listing (R8)', async () => {
  for (const player of players) {
    const { authorization, roles } = player;
    const call = request(server.server).get('/v2/_catalog');
    const { status, body } = await (authorization === undefined ? call : call.set('Authorization', authorization));
    if (roles.alice === 'refused' || authorization === undefined) {
      expect([player.name, status]).toEqual([player.name, 401]);
      continue;
    }
    const found = (body as { repositories: string[] }).repositories.filter((full) => held.has(full));
    const wanted = REPOSITORIES.filter(({ namespace, visibility }) =>
      allows(`find in a listing, ${visibility === 'public' ? 'public' : 'others'}`, roles[namespace]),
    );
    expect([player.name, found]).toEqual([player.name, wanted.map((each) => `${each.namespace}/${each.name}`).sort()]);
  }
});
