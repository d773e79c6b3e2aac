import { query } from '../../src/platform/db/query';
import { basic, type TestServer } from '../helpers/test-server';
import { Sender, type Answer, type Sent } from './answers';
import { sessionOf } from './callers';
import { entitledTo } from './entitled';
import { requestFor, variantsOf } from './requests';
import { isRead, sweptRoutes, type SweptRoute } from './routes';
import { readRows } from './rows';
import { SCENARIOS, type Scenario } from './scenarios';
import { buildStage, type Stage } from './stage';
import { keepState } from './state';

/*
 * Sends a change through every route that changes something, as a caller who may: it succeeds, and a row in
 * audit_events records it. A new route fails here until its change is recorded, or it is on the list of those that
 * record none.
 */

/** Routes whose success is not an event of its own, with the reason. */
const UNRECORDED: readonly (readonly [RegExp, reason: string])[] = [
  [/^POST \/api\/v1\.1\/password\/reset\/$|^POST \/account\/(reset|confirm)$/, 'sends a mail, and changes nothing'],
  [/^POST \/api\/v1\.1\/users\/:username\/emails\/confirm\/$|^POST \/account\/emails\/resend\/$/, 'sends a mail'],
  [/^POST \/api\/v1\.1\/o\/token\/$/, 'spends what `oauth.authorized` records'],
  [/^POST \/account\/data\/$/, 'is a download, and changes nothing'],
  [/^POST \/account\/login\/code$/, 'ends in the session of POST /account/login'],
  [/^POST \S+\/build-source\/linked\/$/, 'needs a provider: tests/surfaces/api/linked-accounts.test.ts'],
  [/^POST \/account\/linked\/:provider\/add\/$/, 'needs a provider: tests/surfaces/web/linked.test.ts'],
  [/^POST \/account\/linked\/connect\/$/, 'leads to a provider, and changes nothing here'],
  [/^POST \/account\/login\/oidc\/\w+$/, 'needs a provider: tests/surfaces/web/openid.test.ts'],
  [/^PUT \/v1\/images\//, 'is a part of a push, which `push.finished` records'],
  [/^PUT \/v1\/repositories\/\S*repository$/, 'begins a push, which `push.finished` records'],
  [/^PUT \/v1\/repositories\/\S+\/auth$/, 'uses a delete token up, for the registry that was given it'],
  [/^DELETE \/v1\/repositories\/\S+\/images$/, 'gives a token for a deletion, and deletes nothing'],
  [/^POST \/u\/:namespace\/:repository\/hook\//, 'is what a receiver answers, kept with its delivery'],
  [/^POST \/(hooks\/builds|u\/:namespace\/:repository\/trigger)\//, 'queues builds, which have a history of their own'],
  [/^(POST|PATCH|PUT|DELETE) \/v2\/\S+\/blobs\/uploads/, 'is a part of a push, which `push.finished` records'],
  [/^POST \/markdown\/preview\/$/, 'shows a text, and changes nothing'],
  [/^POST \/theme\/$/, 'sets a cookie of the browser'],
  [/^POST \/v2\/token$/, 'gives a token, and changes nothing'],
  [/^POST \/_\/:name\/settings\/(collaborators|teams)\//, 'the library has neither collaborators nor teams'],
];

const CHANGING = sweptRoutes().filter((route) => !isRead(route));
const ROWS = readRows();

let stage: Stage;
let sender: Sender;
let restore: () => Promise<void>;

beforeAll(async () => {
  stage = await buildStage();
  restore = await keepState(stage.server.ctx.db, stage.server.blobDir);
  sender = new Sender(stage.server.port);
});
afterAll(async () => {
  sender.close();
  await stage.server.close();
});

/** Logins do not count as the change of a request, because every request with a password records one. */
async function lastEvent({ ctx }: TestServer): Promise<number> {
  const sql = `select coalesce(max(id), 0)::int as id from audit_events where action not like 'login.%'`;
  return (await query<{ id: number }>(ctx.db, sql, []))[0]?.id ?? 0;
}

function changed(sent: Sent, { fields, query: asked = '' }: Scenario): Sent {
  const path = sent.path + asked;
  if (fields === undefined) return { ...sent, path };
  const isForm = sent.headers['Content-Type'] === 'application/x-www-form-urlencoded';
  if (!isForm) return { ...sent, path, body: JSON.stringify(fields) };
  const body = new URLSearchParams(sent.body);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return { ...sent, path, body: body.toString() };
}

async function ask(route: SweptRoute): Promise<{ answer: Answer; isRecorded: boolean }> {
  const { server } = stage;
  const scenario = (await SCENARIOS[route.key]?.(stage)) ?? {};
  const [values] = variantsOf(route, stage);
  const row = ROWS.get(route.key);
  if (row === undefined || values === undefined)
    throw new Error(`tests/isolation/rows.txt has no row for ${route.key}`);
  const given = new Map([...values, ...Object.entries(scenario.params ?? {}).filter(([name]) => values.has(name))]);
  const own = scenario.as === undefined ? await entitledTo(row, route, server) : { authorization: basic(scenario.as) };
  const caller = scenario.byCookie === true ? { cookie: await sessionOf(server, 'alice') } : own;
  const sent = changed(requestFor(route, given, stage, caller), scenario);
  const before = await lastEvent(server);
  const answer = await sender.send(sent);
  return { answer, isRecorded: (await lastEvent(server)) > before };
}

it('every change leaves an event in the audit log, through every route', async () => {
  const faults: string[] = [];
  for (const route of CHANGING) {
    if (UNRECORDED.some(([pattern]) => pattern.test(route.key))) continue;
    const { answer, isRecorded } = await ask(route);
    if (answer.status >= 400) {
      faults.push(`${route.key} did not succeed, so give it a scenario: ${answer.status} ${answer.body.slice(0, 200)}`);
    } else if (!isRecorded) faults.push(`${route.key} succeeded (${answer.status}) and left no row in audit_events`);
    await restore();
  }
  expect(faults).toEqual([]);
});

it('each exception is for an existing route', () => {
  const idle = UNRECORDED.filter(([pattern]) => !CHANGING.some(({ key }) => pattern.test(key)));
  expect(idle).toEqual([]);
});
