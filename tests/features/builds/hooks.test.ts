import request from 'supertest';
import type { Context } from '../../../src/context';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { listBuilds, type Build } from '../../../src/features/builds/builds';
import { setRules } from '../../../src/features/builds/rules';
import { createAutomatedRepository, type NewBuildSource } from '../../../src/features/builds/sources';
import { getAdministered } from '../../../src/features/repositories/get-repository';
import { readFullName } from '../../../src/features/repositories/names';
import { migrateQueue } from '../../../src/platform/jobs/queue';
import {
  HOOK_HASH,
  PUSH_OF_BITBUCKET_SERVER,
  PUSHES_OF_MASTER,
  PUSHES_OF_TAG,
  signatureOf,
  WITHOUT_BUILD,
  type HookBody,
} from '../../helpers/hook-bodies';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { ensureTokenKey } from '../../../src/features/accounts/token-key';

const APP = readFullName('alice/app');
const [GITHUB] = PUSHES_OF_MASTER;
if (GITHUB === undefined) throw new Error('there is no hook');

let server: TestServer;
let ctx: Context;
let source: NewBuildSource;
const repository = () => getAdministered(ctx, OPERATOR_ACTOR, APP);

beforeAll(async () => {
  server = await startTestServer();
  ({ ctx } = server);
  await migrateQueue(ctx.db);
  await ensureTokenKey(ctx);
  await addUser(server, 'alice');
  source = await createAutomatedRepository(ctx, OPERATOR_ACTOR, APP, {
    source: { provider: 'git', cloneUrl: 'https://git.test/app.git' },
  });
  await setRules(ctx, await repository(), [
    { refType: 'branch', refPattern: 'master', dockerfilePath: 'Dockerfile', tag: 'latest' },
    { refType: 'tag', refPattern: '/v[0-9.]+/', dockerfilePath: 'web/', tag: '{ref}-{sha}' },
  ]);
});
afterAll(() => server.close());
beforeEach(async () => {
  await ctx.db('builds').delete();
  await ctx.db('build_deliveries').delete();
  await ctx.db('failure_counts').delete();
});

function send(hook: HookBody, secret = source.hookSecret, text = JSON.stringify(hook.body), hookUrl = source.hookUrl) {
  return request(server.url)
    .post(new URL(hookUrl).pathname)
    .set({ 'Content-Type': 'application/json', ...hook.headers, ...signatureOf(hook.signing, text, secret) })
    .send(text);
}

async function builds(): Promise<Build[]> {
  return (await listBuilds(ctx, await repository(), {}, { limit: 10, offset: 0 })).builds;
}

describe('a signed push of', () => {
  it.each(PUSHES_OF_MASTER)('$title queues a build with its commit', async (hook) => {
    await send(hook).expect(202, { status: 'accepted', builds: 1 });
    expect(await builds()).toMatchObject([
      {
        state: 'queued',
        cause: 'hook',
        refType: 'branch',
        refName: 'master',
        tag: 'latest',
        commit: { hash: HOOK_HASH, message: 'Update the README\n\nIt was old.', author: 'Alice Example' },
      },
    ]);
  });

  it('Bitbucket Server queues a build, though it tells no message', async () => {
    await send(PUSH_OF_BITBUCKET_SERVER).expect(202, { status: 'accepted', builds: 1 });
    expect(await builds()).toMatchObject([{ refName: 'master', commit: { hash: HOOK_HASH, message: '', author: '' } }]);
  });

  it.each(PUSHES_OF_TAG)('a tag from $title is built by the rules for tags', async (hook) => {
    await send(hook).expect(202, { status: 'accepted', builds: 1 });
    expect(await builds()).toMatchObject([
      { refType: 'tag', refName: 'v1.0', tag: 'v1.0-{sha}', dockerfilePath: 'web/Dockerfile', contextPath: 'web' },
    ]);
  });

  it('GitHub in a form is signed as it is', async () => {
    const form = `payload=${encodeURIComponent(JSON.stringify(GITHUB.body))}`;
    await send(GITHUB, source.hookSecret, form).set('Content-Type', 'application/x-www-form-urlencoded').expect(202);
    expect(await builds()).toHaveLength(1);
  });

  it('curl of a script queues a build, though it calls the JSON a form', async () => {
    const json = JSON.stringify(GITHUB.body);
    await send(GITHUB, source.hookSecret, json).set('Content-Type', 'application/x-www-form-urlencoded').expect(202);
    expect(await builds()).toHaveLength(1);
  });
});

it.each(WITHOUT_BUILD)('$title starts no build', async (hook) => {
  const { body, status } = await send(hook);
  expect([status, (body as { builds: number }).builds]).toEqual([/ping|test/.test(hook.title) ? 200 : 202, 0]);
  expect(await builds()).toEqual([]);
});

describe('a hook is refused', () => {
  it.each(PUSHES_OF_MASTER)('with 401 when $title signs with another secret, or not at all', async (hook) => {
    await send(hook, 'another secret').expect(401);
    const path = new URL(source.hookUrl).pathname;
    await request(server.url).post(path).set(hook.headers).send(JSON.stringify(hook.body)).expect(401);
    expect(await builds()).toEqual([]);
  });

  it('with 401 when a byte of its body differs', async () => {
    const text = JSON.stringify(GITHUB.body);
    const headers = signatureOf('sha256', text, source.hookSecret);
    await send(GITHUB, source.hookSecret, `${text} `).set(headers).expect(401);
  });

  it('with 404 for another URL, 405 for GET, 413 for a large body, 400 for another shape', async () => {
    await send(GITHUB, source.hookSecret, undefined, `http://hub.test/hooks/builds/${'x'.repeat(43)}/`).expect(404);
    await send(GITHUB, source.hookSecret, undefined, 'http://hub.test/hooks/builds/x/').expect(404);
    await request(server.url).get(new URL(source.hookUrl).pathname).expect(405);
    await send(GITHUB, source.hookSecret, 'x'.repeat(5 * 1024 * 1024 + 1)).expect(413);
    await send(GITHUB, source.hookSecret, '{"ref":7}').expect(400);
    await send(GITHUB, source.hookSecret, 'not json').expect(400);
  });

  it('with 429 when there are too many in a minute', async () => {
    const key = await ctx.db('build_sources').first<{ id: number }>('id');
    for (let sent = 0; sent < 119; sent += 1) await ctx.hookLimiter.count(String(key.id));
    const { headers } = await send(GITHUB).expect(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });
});

it('has no effect when its provider sends it again', async () => {
  await send(GITHUB).expect(202, { status: 'accepted', builds: 1 });
  await ctx.db('builds').delete();
  await send(GITHUB).expect(202, { status: 'repeated', builds: 0 });
  expect(await builds()).toEqual([]);
});

it('finds one waiting build for twenty pushes, with the newest commit', async () => {
  for (let number = 0; number < 20; number += 1) {
    const after = number.toString(16).padStart(40, 'a');
    await send({ ...GITHUB, headers: { 'X-GitHub-Event': 'push' }, body: { ref: 'refs/heads/master', after } }).expect(
      202,
    );
  }
  expect(await builds()).toMatchObject([{ commit: { hash: (19).toString(16).padStart(40, 'a') } }]);
});
