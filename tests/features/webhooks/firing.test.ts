import { createHmac } from 'node:crypto';
import request from 'supertest';
import { createChain, createImage, pushImages, startPush, uploadImage, type TestImage } from '../../helpers/images';
import { startReceiver, type Received, type Receiver } from '../../helpers/receiver';
import { basic } from '../../helpers/test-server';
import { actor, addHook, APP, startHookServer, type HookServer } from './hook-server';
import { deleteWebhook, getDelivery, listDeliveries, sendTest, updateWebhook } from '../../helpers/by-name';

let server: HookServer;
let there: Receiver;
beforeEach(async () => {
  [server, there] = await Promise.all([startHookServer(), startReceiver()]);
  await pushImages(server, 'alice/app', [createImage()]);
  await server.runJobs();
});
afterEach(() => Promise.all([server.close(), there.close()]));

const told = () => there.received.map(({ body }) => JSON.parse(body) as { push_data: Record<string, unknown> });

const finish = (user = 'alice', body: unknown[] = []) =>
  request(server.server).put('/v1/repositories/alice/app/images').set('Authorization', basic(user)).send(body);

const setTag = (authorization: string, tag: string, image: TestImage) =>
  request(server.server)
    .put(`/v1/repositories/alice/app/tags/${tag}`)
    .set('Authorization', authorization)
    .type('application/json')
    .send(JSON.stringify(image.id))
    .expect(200);

/** What clients of v2 get for a tag of alice/app. */
async function digestOver2(tag: string): Promise<string | undefined> {
  const head = await request(server.server).head(`/v2/alice/app/manifests/${tag}`).set('Authorization', basic('alice'));
  return head.headers['docker-content-digest'];
}

it('a finished push is reported with the payload of the Hub (protocol 6.3), signed', async () => {
  await server.ctx
    .db('repositories')
    .update({ description: 'has "pushed_at":"1" in it', full_description: '# Ahoi', star_count: 3 })
    .update({ created_at: '2014-06-09T12:30:00Z' });
  const hook = await addHook(server, `${there.url}/in`);
  const images = createChain(2);
  await pushImages(server, 'alice/app', images, { tag: 'v1' });
  expect(there.received).toEqual([]);
  await server.runJobs();
  expect(there.received).toHaveLength(1);
  const { method, path, headers, body } = there.received[0] as Received;
  expect([method, path]).toEqual(['POST', '/in']);
  const payload = JSON.parse(body) as { push_data: { digest: string; pushed_at: number } };
  expect(payload).toEqual({
    callback_url: expect.stringMatching(new RegExp(`^${server.url}/u/alice/app/hook/[0-9a-f]{64}/$`)),
    push_data: {
      digest: expect.stringMatching(/^sha256:/),
      images: images.map(({ id }) => id),
      pushed_at: expect.any(Number),
      pusher: 'alice',
      tag: 'v1',
    },
    repository: {
      comment_count: 0,
      date_created: 1402317000,
      description: 'has "pushed_at":"1" in it',
      full_description: '# Ahoi',
      is_official: false,
      is_private: false,
      is_trusted: false,
      name: 'app',
      namespace: 'alice',
      owner: 'alice',
      repo_name: 'alice/app',
      repo_url: `${server.url}/u/alice/app/`,
      star_count: 3,
      status: 'Active',
    },
  });
  expect(payload.push_data.digest).toBe(await digestOver2('v1'));
  expect(body).toContain('"date_created":1402317000.000,');
  expect(Math.abs(Date.now() / 1000 - payload.push_data.pushed_at)).toBeLessThan(60);
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'x-drydock-event': 'push',
    'x-drydock-signature': `sha256=${createHmac('sha256', hook.secret).update(body).digest('hex')}`,
  });
  const [delivery] = await listDeliveries(server.ctx, await actor(server, 'alice'), APP, hook.id, { limit: 10 });
  expect(headers['x-drydock-delivery']).toBe(String(delivery?.id));
});

it('a push that clients of v2 cannot pull is reported without a digest (bridge 8.3)', async () => {
  await addHook(server, `${there.url}/in`);
  await pushImages(server, 'alice/app', [createImage({ layer: Buffer.from('1f8b0800broken') })], { tag: 'good' });
  const broken = createImage({ layer: Buffer.from('1f8b080000', 'hex') });
  await pushImages(server, 'alice/app', [broken], { tag: 'broken' });
  await server.runJobs();
  expect(told().map(({ push_data: { tag, digest } }) => [tag, digest])).toEqual([
    ['good', await digestOver2('good')],
    ['broken', undefined],
  ]);
  expect(await digestOver2('broken')).toBeUndefined();
});

it('every active hook is notified once, however often the job runs (R35)', async () => {
  const [off] = await Promise.all([addHook(server, `${there.url}/off`), addHook(server, `${there.url}/a`)]);
  await addHook(server, `${there.url}/b`);
  await updateWebhook(server.ctx, await actor(server, 'alice'), APP, off.id, { isActive: false });
  await pushImages(server, 'alice/app', [createImage()]);
  const { rows } = await server.ctx.db.raw<{ rows: { payload: object }[] }>(
    'select payload from graphile_worker._private_jobs',
  );
  await server.ctx.db.raw(`select graphile_worker.add_job('push_finished', ?::json)`, [
    JSON.stringify(rows[0]?.payload),
  ]);
  await server.runJobs();
  expect(there.received.map(({ path }) => path).sort()).toEqual(['/a', '/b']);
});

it('the images of this push, and each tag that it set, are reported in order', async () => {
  await addHook(server, there.url);
  const [base, upper] = createChain(2) as [TestImage, TestImage];
  await pushImages(server, 'alice/app', [base], { tag: 'base' });
  const authorization = await startPush(server, 'alice/app', [upper]);
  await uploadImage(server, authorization, upper);
  await setTag(authorization, 'zz', upper);
  await setTag(authorization, 'aa', upper);
  await finish().expect(204);
  await server.runJobs();
  expect(told().map(({ push_data: { images, tag } }) => [images, tag])).toEqual([
    [[base.id], 'base'],
    [[upper.id], 'zz'],
    [[upper.id], 'aa'],
  ]);
});

it('a push that continues while another one finishes is reported when it finishes itself', async () => {
  await addHook(server, there.url);
  const slow = createImage();
  const fast = createImage();
  const authorization = await startPush(server, 'alice/app', [slow]);
  await pushImages(server, 'alice/app', [fast], { tag: 'fast' });
  await uploadImage(server, authorization, slow);
  await setTag(authorization, 'slow', slow);
  await finish().expect(204);
  await server.runJobs();
  expect(told().map(({ push_data: { images, tag } }) => [images, tag])).toEqual([
    [[fast.id], 'fast'],
    [[slow.id], 'slow'],
  ]);
});

it('an end that is sent twice, or without a push, is not reported, unless it lists images', async () => {
  await addHook(server, there.url);
  await finish().expect(204);
  await pushImages(server, 'alice/app', [createImage()]);
  await finish().expect(204);
  await server.runJobs();
  expect(there.received).toHaveLength(1);
  const id = 'a'.repeat(64);
  await finish('alice', [{ id, checksum: 'tarsum+sha256:00' }]).expect(204);
  await server.runJobs();
  expect(told().at(-1)?.push_data).toMatchObject({ images: [id], pusher: 'alice' });
  expect(told().at(-1)?.push_data).not.toHaveProperty('tag');
});

it('a push that is refused is not reported', async () => {
  await addHook(server, there.url);
  await finish('bobby', [{ id: 'b'.repeat(64) }]).expect(403);
  await server.runJobs();
  expect(there.received).toEqual([]);
});

it('a test can be sent, also to a disabled hook; one that is deleted in the meantime is not sent', async () => {
  const hook = await addHook(server, there.url);
  const alice = await actor(server, 'alice');
  await updateWebhook(server.ctx, alice, APP, hook.id, { isActive: false });
  const id = await sendTest(server.ctx, alice, APP, hook.id);
  await server.runJobs();
  expect(there.received[0]?.headers).toMatchObject({ 'x-drydock-event': 'test', 'x-drydock-delivery': String(id) });
  expect(told()[0]?.push_data).toMatchObject({ images: [], pusher: 'alice' });
  await expect(getDelivery(server.ctx, alice, APP, { id })).resolves.toMatchObject({
    state: 'delivered',
    event: 'test',
  });
  await sendTest(server.ctx, alice, APP, hook.id);
  await deleteWebhook(server.ctx, alice, APP, hook.id);
  await server.runJobs();
  expect(there.received).toHaveLength(1);
});

it('the payload of a library image says that it is official', async () => {
  await server.ctx.db('users').where({ username: 'alice' }).update({ is_admin: true });
  await pushImages(server, 'tools', [createImage()]);
  await server.runJobs();
  await server.ctx.db.raw(
    `insert into webhooks (repository_id, name, urls, secret) select id, 'w', ?, 'sixteen characters' from repositories where name = 'tools'`,
    [[there.url]],
  );
  await pushImages(server, 'tools', [createImage()]);
  await server.runJobs();
  expect(told()[0]).toMatchObject({
    callback_url: expect.stringMatching(/\/u\/library\/tools\/hook\//),
    repository: { is_official: true, repo_name: 'library/tools', repo_url: `${server.url}/_/tools/` },
  });
});
