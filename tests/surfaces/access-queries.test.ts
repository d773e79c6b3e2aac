import { Sender, type Sent } from '../isolation/answers';
import { withEverything, withoutSource, type Place } from '../isolation/build-scenarios';
import { sessionOf } from '../isolation/callers';
import { requestFor, variantsOf } from '../isolation/requests';
import { isRead, sweptRoutes, type SweptRoute } from '../isolation/routes';
import { buildStage, type Stage } from '../isolation/stage';
import { recordStatements } from '../helpers/statements';
import { basic } from '../helpers/test-server';
import { imageOf, OCI_MANIFEST } from '../helpers/v2-client';

/*
 * A request asks once what the caller may do with the repository that it names, and passes the answer on. So each page
 * and each read of a repository runs one access query, which finds the caller and the repository together.
 */

const NAMES_REPOSITORY =
  /^(\/api\/v1\.1\/repositories\/:namespace\/:name\/|\/v1\/(repositories|images)\/:|\/v2\/:|\/[r_]\/)/;
const ALL_READS = sweptRoutes().filter((route) => isRead(route) && NAMES_REPOSITORY.test(route.path));
/** Reads of what only automated repositories have, to which nobody pushes by hand. */
const OF_AUTOMATED = ALL_READS.filter(({ path }) => /\/build(s\/:build|s\/rules\/:rule|-source|-trigger)\//.test(path));
const READS = ALL_READS.filter((route) => !OF_AUTOMATED.includes(route));
const OF_V2 = sweptRoutes().filter(({ path }) => path.startsWith('/v2/:'));

/** A query that finds the caller together with a repository, whatever else it reads. */
const isAccessQuery = (text: string): boolean =>
  text.includes('u.credentials_epoch') && text.includes('r.id as repository_id');

let stage: Stage;
let sender: Sender;
let cookies: Readonly<Record<string, { name: string; secret: string }>>;

beforeAll(async () => {
  stage = await buildStage();
  sender = new Sender(stage.server.port);
  cookies = { alice: await sessionOf(stage.server, 'alice'), root: await sessionOf(stage.server, 'root') };
}, 60_000);
afterAll(async () => {
  sender.close();
  await stage.server.close();
});

async function accessQueriesOf(
  route: SweptRoute,
  more: Readonly<Record<string, string>> = {},
): Promise<{ status: number; count: number }> {
  const [values] = variantsOf(route, stage);
  const isOfLibrary = route.path.startsWith('/_/') || /repositories\/:repository\b|^\/v2\/:repository/.test(route.path);
  const user = isOfLibrary ? 'root' : 'alice';
  const cookie = cookies[user];
  const caller = route.door === 'web' && cookie !== undefined ? { cookie } : { authorization: basic(user) };
  const request = requestFor(route, new Map([...(values ?? []), ...Object.entries(more)]), stage, caller);
  // Credentials that were verified before are not verified again.
  await sender.send(request);
  const { result, statements } = await recordStatements(stage.server.ctx.db, () => sender.send(request));
  return { status: result.status, count: statements.filter(isAccessQuery).length };
}

it.each(READS.map((route) => [route.key, route] as const))('%s runs one access query', async (_key, route) => {
  const { status, count } = await accessQueriesOf(route);
  expect([[200, 204], count]).toEqual([expect.arrayContaining([status]), 1]);
});

describe('of an automated repository', () => {
  const builds = new Map<Place, Awaited<ReturnType<typeof withEverything>>>();
  beforeAll(async () => {
    for (const place of ['vault', 'base'] as const) builds.set(place, await withEverything(stage, place));
  });
  afterAll(async () => {
    for (const place of builds.keys()) await withoutSource(stage, place);
  });

  it.each(OF_AUTOMATED.map((route) => [route.key, route] as const))('%s runs one access query', async (_key, route) => {
    const numbers = builds.get(route.path.startsWith('/_/') ? 'base' : 'vault');
    expect(await accessQueriesOf(route, { ...numbers })).toEqual({ status: 200, count: 1 });
  });
});

it('each change over v2 runs one access query', async () => {
  for (const route of OF_V2.filter((each) => !isRead(each))) {
    const [values] = variantsOf(route, stage);
    const user = route.path.startsWith('/v2/:repository') ? 'root' : 'alice';
    const request = requestFor(route, values ?? new Map(), stage, { authorization: basic(user) });
    const { result, statements } = await recordStatements(stage.server.ctx.db, () => sender.send(request));
    const count = statements.filter(isAccessQuery).length;
    expect([route.key, [401, 403].includes(result.status), count]).toEqual([route.key, false, 1]);
  }
});

describe('what is private costs other users of v2 as many queries as what does not exist', () => {
  /** Without the figures of pulls and pushes, which are saved from time to time. */
  const statementsOf = async (sent: Sent): Promise<readonly string[]> => {
    const { statements } = await recordStatements(stage.server.ctx.db, () => sender.send(sent));
    return statements.filter((text) => !text.includes('activity_sources'));
  };

  it.each(OF_V2.map((route) => [route.key, route] as const))('%s (R260)', async (_key, route) => {
    const caller = { authorization: basic('carol') };
    const [real, ...others] = variantsOf(route, stage).map((values) => requestFor(route, values, stage, caller));
    if (real === undefined) throw new Error('nothing to ask');
    await sender.send(real); // the credentials are remembered
    const wanted = await statementsOf(real);
    expect(wanted.length).toBeGreaterThan(0);
    for (const other of others) expect(await statementsOf(other)).toEqual(wanted);
  });

  it('a mount (R260)', async () => {
    const { blob } = stage.vault.pushed;
    const headers = { Authorization: basic('carol') };
    const mount = (digest: string, from: string): Promise<readonly string[]> => {
      const path = `/v2/carol/own/blobs/uploads/?mount=${digest}&from=${from}`;
      return statementsOf({ method: 'POST', path, headers, body: undefined });
    };
    await mount(blob.none, 'alice/vault-real'); // creates the repository
    const wanted = await mount(blob.real, 'alice/vault-real');
    expect(await mount(blob.none, 'alice/vault-real')).toEqual(wanted);
    expect(await mount(blob.real, 'alice/vault-none')).toEqual(wanted);
    // In a repository that they may read, a digest of another repository is as unknown as any.
    expect(await mount(blob.real, 'alice/other')).toEqual(await mount(blob.none, 'alice/other'));
  });

  it('a scope of a token (R260)', async () => {
    const ask = (name: string): Promise<readonly string[]> =>
      statementsOf({
        method: 'GET',
        path: `/v2/token?scope=repository:alice/${name}:pull,push`,
        headers: { Authorization: basic('carol') },
        body: undefined,
      });
    await ask('vault-real');
    expect(await ask('vault-none')).toEqual(await ask('vault-real'));
  });

  it('a manifest that refers to blobs of others (R260)', async () => {
    const { config, layer } = stage.vault.pushed;
    const put = (digest: string): Promise<readonly string[]> =>
      statementsOf({
        method: 'PUT',
        path: '/v2/carol/own/manifests/one',
        headers: { Authorization: basic('carol'), 'Content-Type': OCI_MANIFEST },
        body: JSON.stringify(imageOf({ ...config, digest }, [layer])),
      });
    expect(await put(`sha256:${'d'.repeat(64)}`)).toEqual(await put(config.digest));
  });
});
