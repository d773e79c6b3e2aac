import { retentionJobs } from '../../../src/features/retention/jobs';
import { askApi } from '../../helpers/api-client';
import { castOn } from '../../helpers/cast';
import { runDueJobs } from '../../helpers/run-jobs';
import { startTestServer, type TestServer } from '../../helpers/test-server';
import { setAgedTags, tagsOf } from '../../helpers/aged-tags';

const PATH = '/api/v1.1/repositories/alice/app-private/retention/';
const RULES = { keep_last: 1, keep_days: null, keep_tags: ['v*'], only_tags: [] };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await castOn(server);
  await setAgedTags(server, 'alice/app-private', { latest: 90, 'v1.0': 80, a: 70, b: 60, c: 50 });
});
afterAll(() => server.close());

const ask = (method: 'get' | 'put' | 'post' | 'delete', rest = '', options: Parameters<typeof askApi>[3] = {}) =>
  askApi(server, method, PATH + rest, { as: 'alice', ...options });

const sent = async (): Promise<string[]> =>
  server.ctx.db('audit_events').where('action', 'like', 'retention.%').orderBy('id').pluck('action');

it('a policy is set, tried, carried out and removed', async () => {
  expect((await ask('get')).body).toMatchObject({ source: 'none', keep_last: null, keep_tags: [], changed_by: null });
  expect((await ask('post', 'runs/')).status).toBe(409);
  const set = await ask('put', '', { body: RULES });
  expect([set.status, set.body]).toMatchObject([200, { source: 'repository', ...RULES, changed_by: 'alice' }]);
  const preview = await ask('get', 'preview/', { query: { page_size: 2 } });
  expect(preview.body).toMatchObject({ count: 5, deleted: 2, kept: 3, next: expect.stringContaining('page=2') });
  const fates = await ask('get', 'preview/', { query: { fate: 'kept' } });
  expect(fates.body.results).toMatchObject([
    { tag: 'c', fate: 'kept', kept_because: 'last' },
    { tag: 'v1.0', kept_because: 'pattern' },
    { tag: 'latest', kept_because: 'latest' },
  ]);
  const tried = await ask('get', 'preview/', { query: { keep_days: 3, keep_tags: 'x,v1*', fate: 'deleted' } });
  expect(tried.body).toMatchObject({ count: 0, deleted: 0, kept: 5 });
  const run = await ask('post', 'runs/');
  expect([run.status, run.body]).toMatchObject([202, { state: 'waiting', requested_by: 'alice', kept: null }]);
  expect((await ask('post', 'runs/')).status).toBe(409);
  await runDueJobs(server.database, retentionJobs(server.ctx));
  expect(await tagsOf(server, 'alice/app-private')).toEqual(['c', 'latest', 'v1.0']);
  const { results } = (await ask('get', 'runs/')).body;
  expect(results).toMatchObject([{ id: run.body.id, state: 'finished', deleted: 2, kept: 3, error: null }]);
  expect((await ask('delete')).status).toBe(204);
  expect((await ask('delete')).status).toBe(404);
  expect((await ask('get')).body).toMatchObject({ source: 'none' });
  expect(await sent()).toEqual(['retention.changed', 'retention.started', 'retention.run', 'retention.removed']);
});

it('is not overwritten by someone who saw an older policy', async () => {
  const { headers } = await ask('get');
  const ifMatch = { 'If-Match': headers['etag'] ?? '' };
  expect((await ask('put', '', { body: RULES, headers: ifMatch })).status).toBe(200);
  expect((await ask('put', '', { body: { keep_days: 9 }, headers: ifMatch })).status).toBe(412);
});

it.each([
  [{ keep_last: 0 }, 'keep_last'],
  [{ keep_days: 36_501 }, 'keep_days'],
  [{ keep_tags: ['a b'] }, 'keep_tags'],
  [{ only_tags: ['v*'] }, 'keep_last'],
])('refuses %j', async (body, field) => {
  const { status, body: problem } = await ask('put', '', { body });
  expect([status, problem.errors]).toMatchObject([400, [{ field: `body.${field}` }]]);
  const { status: tried, body: inQuery } = await ask('get', 'preview/', {
    query: Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value)])),
  });
  expect([tried, inQuery.errors]).toMatchObject([400, [{ field: `query.${field}` }]]);
});

it.each<['get' | 'put' | 'post' | 'delete', string]>([
  ['get', ''],
  ['put', ''],
  ['delete', ''],
  ['get', 'preview/'],
  ['get', 'runs/'],
  ['post', 'runs/'],
])('%s %s is for administrators; others do not find a private repository', async (method, rest) => {
  const options = method === 'put' ? { body: RULES } : {};
  expect((await ask(method, rest, { as: 'collaborator', ...options })).status).toBe(403);
  const hidden = await ask(method, rest, { as: 'stranger', ...options });
  const missing = await askApi(server, method, `${PATH.replace('app-private', 'missing')}${rest}`, {
    as: 'stranger',
    ...options,
  });
  expect([hidden.status, { ...hidden.body, request_id: '' }]).toEqual([404, { ...missing.body, request_id: '' }]);
});

it('does not follow a former name', async () => {
  const moved = { namespace: 'alice', name: 'renamed' };
  await askApi(server, 'post', '/api/v1.1/repositories/alice/app-unlisted/move/', { as: 'alice', body: moved });
  const { status } = await askApi(server, 'put', PATH.replace('private', 'unlisted'), { as: 'alice', body: RULES });
  expect(status).toBe(404);
});
