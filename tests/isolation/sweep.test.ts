import { createImage, pushImages } from '../helpers/images';
import { basic } from '../helpers/test-server';
import { comparable, Sender } from './answers';
import { needsPassword } from '../../src/features/accounts/guarded-actions';
import { callerForVault, castCallers, staleCallers, type Caller } from './callers';
import { entitledTo } from './entitled';
import { requestFor, variantsOf } from './requests';
import { isRead, sweptRoutes, type SweptRoute } from './routes';
import { buildStage, seenFromTheOtherSide, type Stage } from './stage';
import { changesBetween, digestOf, keepState, readState } from './state';
import { forAll, isRefusal, isTrace, ROWS, rowOf, tryAs } from './trying';

/*
 * Sends the requests of every route, as every caller who may not, for something private and for something that does not
 * exist: the two answers are the same, contain nothing that only the owner may see, and nothing changes. `rows.txt`
 * says who may.
 */

const ROUTES = sweptRoutes();

let stage: Stage;
let sender: Sender;
let restore: () => Promise<void>;
let callers: Caller[];
/** what a token for the private repository alone may do */
let vault: Caller;

beforeAll(async () => {
  stage = await buildStage();
  vault = await callerForVault(stage.server);
  callers = [...(await castCallers(stage.server)), vault, ...(await staleCallers(stage.server))];
  restore = await keepState(stage.server.ctx.db, stage.server.blobDir);
  sender = new Sender(stage.server.port);
});
afterAll(async () => {
  sender.close();
  await stage.server.close();
});

it('a name in a body tells other users no more than one in a path (R220)', async () => {
  const requests: [method: string, path: string, body: (name: string) => object][] = [
    ['POST', '/carol/own/tags/', (name) => ({ name: 'copied', source: { namespace: 'alice', name, tag: 'tag-real' } })],
    ['POST', '/carol/own/move/', (name) => ({ namespace: 'alice', name })],
    ['POST', '/', (name) => ({ namespace: 'alice', name })],
  ];
  await pushImages(stage.server, 'carol/own', [createImage()], { user: 'carol' });
  const headers = { Authorization: basic('carol'), 'Content-Type': 'application/json' };
  for (const [method, path, bodyFor] of requests) {
    const answers: string[] = [];
    for (const name of ['vault-real', 'vault-none']) {
      const body = JSON.stringify(bodyFor(name));
      const answer = await sender.send({ method, path: `/api/v1.1/repositories${path}`, headers, body });
      expect(isRefusal({ door: 'api' }, answer)).toBe(true);
      answers.push(comparable(answer, new Map([['name', name]])));
    }
    expect(answers[0]).toBe(answers[1]);
  }
  await restore();
});

it('every route has a row in rows.txt, and every row a route', () => {
  const keys = ROUTES.map(({ key }) => key);
  expect(keys.filter((key) => !ROWS.has(key))).toEqual([]);
  expect([...ROWS.keys()].filter((key) => !keys.includes(key))).toEqual([]);
});

/** The statuses of all routes, each requested in the original state of the hub. */
async function statusesOf(
  routes: readonly SweptRoute[],
  as: (route: SweptRoute) => Promise<Pick<Caller, 'authorization' | 'cookie'>>,
  on = stage,
): Promise<Record<string, number>> {
  const seen = new Map<string, number>();
  for (const route of routes) {
    const [values] = variantsOf(route, on);
    if (values === undefined) throw new Error('nothing to ask');
    seen.set(route.key, (await sender.send(requestFor(route, values, on, await as(route)))).status);
    if (!isRead(route)) await restore();
  }
  return Object.fromEntries(seen);
}

it('the rows that need the password again are those of guarded-actions.ts', () => {
  const marked = ROUTES.filter((route) => rowOf(route).needsStepUp && route.door !== 'v1' && route.door !== 'v2').map(
    ({ key }) => key,
  );
  expect(marked).toEqual(ROUTES.filter((route) => needsPassword(route)).map(({ key }) => key));
});

it('each request of the sweep is valid: it succeeds for a caller who may', async () => {
  const seen = await statusesOf(ROUTES, (route) => entitledTo(rowOf(route), route, stage.server));
  expect(seen).toEqual(Object.fromEntries(ROUTES.map((route) => [route.key, rowOf(route).status])));
});

it('an access token for one repository may do there what its account may', async () => {
  const routes = ROUTES.filter(
    (route) =>
      rowOf(route).limited === 'own' && vault.doors.includes(route.door) && route.path.includes('/:namespace/'),
  );
  const seen = await statusesOf(routes, () => Promise.resolve(vault));
  expect(seen).toEqual(Object.fromEntries(routes.map((route) => [route.key, rowOf(route).status])));
});

/** Sends the requests of routes as every caller, and says what they saw, detected or changed. */
async function faultsOf(swept: readonly SweptRoute[], on: Stage): Promise<string[]> {
  await stage.server.ctx.activity.flush();
  await restore();
  const before = await readState(stage.server.ctx.db);
  const faults: string[] = [];
  for (const caller of callers) {
    const routes = swept.filter(({ door }) => caller.doors.includes(door));
    faults.push(...(await forAll(routes, (route) => tryAs(caller, route, on, sender))));
    await stage.server.ctx.activity.flush();
    const after = await readState(stage.server.ctx.db);
    if (digestOf(after) === digestOf(before)) continue;
    const changes = changesBetween(before, after).filter((line) => caller.reads !== true || !isTrace(line));
    faults.push(...changes.map((line) => `${caller.name} changed ${line}`));
    await restore();
  }
  return faults;
}

it('nobody sees, detects or changes what is not theirs, through any route (R10, R220)', async () => {
  expect(await faultsOf(ROUTES, stage)).toEqual([]);
});

describe('what one protocol shows of what was pushed over the other one', () => {
  const named = ROUTES.filter(({ path }) => /:(?:imageId|image|tag|reference|digest)(?:\/|$)/.test(path));

  it('is there for a caller who may read it', async () => {
    const reads = named.filter((route) => isRead(route));
    const as = (route: SweptRoute) => entitledTo(rowOf(route), route, stage.server);
    const seen = await statusesOf(reads, as, seenFromTheOtherSide(stage));
    expect(seen).toEqual(Object.fromEntries(reads.map((route) => [route.key, rowOf(route).status])));
  });

  it('is not seen, detected or changed by others', async () => {
    expect(await faultsOf(named, seenFromTheOtherSide(stage))).toEqual([]);
  });
});
