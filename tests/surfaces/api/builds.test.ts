import { appendLog } from '../../../src/features/builds/build-log';
import { claimBuild, finishBuild, noteCommit } from '../../../src/features/builds/running';
import { askApi } from '../../helpers/api-client';
import { castOn } from '../../helpers/cast';
import { startTestServer, type TestServer } from '../../helpers/test-server';

const PATH = '/api/v1.1/repositories/alice/app-private/';
const RULE = { source_type: 'branch', source_name: 'master', dockerfile_path: 'Dockerfile', docker_tag: 'latest' };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await castOn(server);
});
afterAll(() => server.close());

const ask = (method: 'get' | 'put' | 'post' | 'patch' | 'delete', rest: string, body?: unknown) =>
  askApi(server, method, PATH + rest, { as: 'alice', ...(body === undefined ? {} : { body }) });

it('a source is added, shown without its secret, changed and removed', async () => {
  expect((await ask('get', 'build-source/')).status).toBe(404);
  const added = await ask('post', 'build-source/', { provider: 'github', clone_url: 'git@github.com:alice/app.git' });
  expect([added.status, added.body]).toMatchObject([
    201,
    { clone_url: 'ssh://git@github.com/alice/app.git', credential: 'deploy_key', hook_secret: expect.any(String) },
  ]);
  const { hook_secret: _secret, ...source } = added.body;
  expect((await ask('get', 'build-source/')).body).toEqual(source);
  expect((await ask('post', 'build-source/', { clone_url: 'https://git.test/app' })).status).toBe(409);
  const token = { clone_url: 'https://github.com/alice/app.git', credential: 'token', token: 'ghp_1234' };
  const changed = await ask('patch', 'build-source/', { ...token, schedule: '17 3 * * *' });
  expect([changed.status, changed.body]).toMatchObject([
    200,
    {
      credential: 'token',
      public_key: null,
      schedule: '17 3 * * *',
      date_scheduled: expect.stringMatching(/T03:17:00/),
    },
  ]);
  expect(JSON.stringify(changed.body)).not.toContain('ghp_1234');
  const inputs = { build_arguments: { VERSION: '12' }, secrets: { npm: 'npm-token-1' } };
  const given = await ask('patch', 'build-source/', inputs);
  expect(given.body).toMatchObject({ build_arguments: { VERSION: '12' }, secret_names: ['npm'] });
  expect(JSON.stringify(given.body)).not.toContain('npm-token-1');
  expect((await ask('patch', 'build-source/', { secrets: { npm: 'short' } })).status).toBe(400);
  expect((await ask('patch', 'build-source/', { schedule: 'daily' })).status).toBe(400);
  expect((await ask('patch', 'build-source/', { allows_network: true })).status).toBe(403);
  const renewed = await ask('post', 'build-source/hook/');
  expect([renewed.status, renewed.body.hook_url]).not.toEqual([200, source.hook_url]);
  expect((await ask('get', '')).body).toMatchObject({ is_automated: true });
  expect((await ask('delete', 'build-source/')).status).toBe(204);
  expect((await ask('get', '')).body).toMatchObject({ is_automated: false });
});

describe('an automated repository', () => {
  beforeAll(() => ask('post', 'build-source/', { clone_url: 'https://git.test/app.git' }));

  it('has rules that are replaced as a whole', async () => {
    const { body } = await ask('get', 'build-rules/');
    expect(body.rules).toMatchObject([{ ...RULE, context_path: '/' }]);
    const put = await ask('put', 'build-rules/', {
      rules: [body.rules[0], { ...RULE, source_type: 'tag', source_name: 'v*' }],
    });
    expect([put.status, put.body.rules]).toMatchObject([200, [{ id: body.rules[0].id }, { source_name: 'v*' }]]);
    const wrong = await ask('put', 'build-rules/', { rules: [{ ...RULE, docker_tag: 'a b' }] });
    expect(wrong.status).toBe(400);
  });

  it('shows its builds, their logs, and takes their end', async () => {
    const started = await ask('post', 'builds/', { no_cache: true });
    expect([started.status, started.body.builds]).toMatchObject([
      202,
      [{ state: 'queued', cause: 'manual', requested_by: 'alice', no_cache: true }],
    ]);
    const [{ id }] = started.body.builds;
    const holder = { buildId: id as number, builder: 'host:1' };
    await claimBuild(server.ctx, holder);
    await noteCommit(server.ctx, holder, { hash: 'a'.repeat(40), message: 'Fix', author: 'Alice' });
    await appendLog(server.ctx, holder, 'Step 1\n');
    const log = await ask('get', `builds/${id}/log/`);
    expect(log.body).toMatchObject({
      state: 'building',
      chunks: [{ seq: 1, text: 'Step 1\n' }],
      last: 1,
      is_complete: false,
    });
    expect((await ask('post', `builds/${id}/cancel/`)).body).toMatchObject({
      state: 'building',
      is_cancel_requested: true,
    });
    await finishBuild(server.ctx, holder, { state: 'cancelled' });
    const rest = await askApi(server, 'get', `${PATH}builds/${id}/log/`, { as: 'alice', query: { after: 1 } });
    expect(rest.body).toMatchObject({ chunks: [], is_complete: true });
    expect((await ask('get', `builds/${id}/`)).body).toMatchObject({ state: 'cancelled', commit: { message: 'Fix' } });
    expect((await ask('post', `builds/${id}/cancel/`)).status).toBe(409);
    expect((await ask('post', `builds/${id}/retry/`)).body).toMatchObject({ state: 'queued', cause: 'retry' });
    const tag = await ask('post', 'builds/', { source_type: 'tag', source_name: 'v1' });
    expect(tag.body.builds).toMatchObject([{ source_type: 'tag', source_name: 'v1' }]);
    expect((await ask('post', 'builds/', { source_name: 'other' })).status).toBe(404);
    const query = { state: 'queued', source_name: 'v1', page_size: 1 };
    const list = await askApi(server, 'get', `${PATH}builds/`, { as: 'alice', query });
    expect(list.body).toMatchObject({ count: 1, results: [{ source_name: 'v1' }] });
  });

  it('has a trigger and links', async () => {
    expect((await ask('get', 'build-trigger/')).status).toBe(404);
    expect((await ask('post', 'build-trigger/')).body.url).toMatch(/\/u\/alice\/app-private\/trigger\/[\w-]{43}\/$/);
    expect((await ask('get', 'build-trigger/')).body).toMatchObject({ calls: [] });
    expect((await ask('delete', 'build-trigger/')).status).toBe(204);
    const base = { namespace: 'alice', name: 'app-public' };
    expect((await ask('post', 'build-links/', base)).body).toMatchObject({ links: [base] });
    expect((await ask('get', 'build-links/')).body).toMatchObject({ links: [base] });
    expect((await ask('post', 'build-links/', { namespace: 'alice', name: 'app-private' })).status).toBe(409);
    expect((await ask('delete', 'build-links/alice/app-public/')).status).toBe(204);
  });
});

it('a namespace has a policy for its builds, which only site administrators see and set', async () => {
  const policy = '/api/v1.1/namespaces/alice/build-policy/';
  const asAdmin = (method: 'get' | 'put' | 'delete', body?: unknown) =>
    askApi(server, method, policy, { as: 'root', ...(body === undefined ? {} : { body }) });
  expect((await askApi(server, 'get', policy, { as: 'alice' })).status).toBe(403);
  const none = { namespace: 'alice', allows_network: false, build_arguments: {} };
  expect((await asAdmin('get')).body).toEqual(none);
  const set = { allows_network: true, build_arguments: { MIRROR: 'http://mirror' } };
  expect((await asAdmin('put', set)).body).toEqual({ namespace: 'alice', ...set });
  expect((await asAdmin('put', { ...set, build_arguments: { 'a b': '' } })).status).toBe(400);
  expect((await asAdmin('delete')).status).toBe(204);
  expect((await asAdmin('delete')).status).toBe(404);
});
