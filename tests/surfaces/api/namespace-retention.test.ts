import { retentionJobs } from '../../../src/features/retention/jobs';
import { setAgedTags, tagsOf } from '../../helpers/aged-tags';
import { askApi } from '../../helpers/api-client';
import { castOn } from '../../helpers/cast';
import { runDueJobs } from '../../helpers/run-jobs';
import { startTestServer, type TestServer } from '../../helpers/test-server';

const PATH = '/api/v1.1/namespaces/alice/retention/';
const AGED = { one: 72, two: 48, three: 24 };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await castOn(server);
  for (const name of ['app-public', 'app-unlisted', 'app-private']) await setAgedTags(server, `alice/${name}`, AGED);
});
afterAll(() => server.close());

const ask = (method: 'get' | 'put' | 'delete', rest = '', options: Parameters<typeof askApi>[3] = {}) =>
  askApi(server, method, PATH + rest, { as: 'alice', ...options });
const repository = (name: string) => `/api/v1.1/repositories/alice/${name}/retention/`;

async function runByDay(): Promise<void> {
  const jobs = retentionJobs(server.ctx);
  await jobs[0]!.run(new AbortController().signal);
  await runDueJobs(server.database, jobs);
}

it('applies to repositories without their own policy; an empty one of their own keeps all tags', async () => {
  expect((await ask('get')).body).toMatchObject({ source: 'none' });
  const set = await ask('put', '', { body: { keep_last: 1 } });
  expect([set.status, set.body]).toMatchObject([200, { source: 'namespace', keep_last: 1, changed_by: 'alice' }]);
  await askApi(server, 'put', repository('app-unlisted'), { as: 'alice', body: {} });
  await askApi(server, 'put', repository('app-private'), { as: 'alice', body: { keep_last: 2 } });
  const applied = await askApi(server, 'get', repository('app-public'), { as: 'alice' });
  expect(applied.body).toMatchObject({ source: 'namespace', keep_last: 1 });
  expect((await ask('get', 'preview/')).body.results).toEqual([
    { namespace: 'alice', name: 'app-private', has_own_policy: true, deleted: 1, kept: 2 },
    { namespace: 'alice', name: 'app-public', has_own_policy: false, deleted: 2, kept: 1 },
    { namespace: 'alice', name: 'app-unlisted', has_own_policy: true, deleted: 0, kept: 3 },
  ]);
  const tried = await ask('get', 'preview/', { query: { keep_tags: '*' } });
  expect(tried.body.results).toMatchObject([{ deleted: 1 }, { deleted: 0 }, { deleted: 0 }]);
  await runByDay();
  expect(await tagsOf(server, 'alice/app-public')).toEqual(['three']);
  expect(await tagsOf(server, 'alice/app-private')).toEqual(['three', 'two']);
  expect(await tagsOf(server, 'alice/app-unlisted')).toHaveLength(3);
});

it('no longer applies to a repository that has moved away', async () => {
  await setAgedTags(server, 'alice/app-public', AGED);
  const moved = { namespace: 'acme', name: 'moved' };
  await askApi(server, 'post', '/api/v1.1/repositories/alice/app-public/move/', { as: 'root', body: moved });
  await runByDay();
  expect(await tagsOf(server, 'acme/moved')).toHaveLength(3);
});

it('is for the owners of the namespace, and each change is recorded', async () => {
  for (const as of ['stranger', 'collaborator']) {
    expect((await ask('get', '', { as })).status).toBe(403);
    expect((await ask('get', 'preview/', { as })).status).toBe(403);
    expect((await ask('put', '', { as, body: { keep_last: 1 } })).status).toBe(403);
    expect((await ask('delete', '', { as })).status).toBe(403);
  }
  const { headers } = await ask('get');
  expect((await ask('put', '', { body: { only_tags: ['a'] } })).status).toBe(400);
  expect((await ask('put', '', { as: 'root', body: { keep_days: 7 } })).body).toMatchObject({ changed_by: 'root' });
  const stale = { 'If-Match': headers['etag'] ?? '' };
  expect((await ask('put', '', { body: { keep_days: 8 }, headers: stale })).status).toBe(412);
  expect((await ask('delete')).status).toBe(204);
  expect((await ask('delete')).status).toBe(404);
  const events = await server.ctx.db('audit_events').where({ subject: 'alice' }).where('action', 'like', 'retention.%');
  expect(events.map(({ action, actor_name: by, details }) => [action, by, details])).toEqual([
    ['retention.changed', 'alice', { keepLast: 1 }],
    ['retention.changed', 'root', { keepDays: 7 }],
    ['retention.removed', 'alice', {}],
  ]);
});
