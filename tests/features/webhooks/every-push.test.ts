import request from 'supertest';
import { createChain, createImage, pushImages, startPush, uploadImage, type TestImage } from '../../helpers/images';
import { startReceiver, type Receiver } from '../../helpers/receiver';
import { basic, passwordOf } from '../../helpers/test-server';
import { newHubState } from '../../protocol/hub-state';
import { readTrace, VERSIONS } from '../../protocol/parse-trace';
import { Replay } from '../../protocol/replay';
import { engineClient } from '../../reliability/engine-client';
import { addHook, addHookTo, startHookServer, type HookServer } from './hook-server';

let server: HookServer;
let there: Receiver;
let base: TestImage;
beforeAll(async () => {
  [server, there] = await Promise.all([startHookServer(), startReceiver()]);
  base = createImage();
  await pushImages(server, 'alice/app', [base]);
  await server.runJobs();
  await addHook(server, there.url);
});
afterAll(() => Promise.all([server.close(), there.close()]));
beforeEach(async () => {
  await server.runJobs();
  there.received.length = 0;
  await server.ctx.db('pushes').delete();
  await server.ctx.db('push_tags').delete();
  await server.ctx.db('audit_events').delete();
});

/** The notifications of pushes, in the order in which they arrived. */
async function told(): Promise<string[]> {
  await server.runJobs();
  const bodies = there.received.map(
    ({ body }) => JSON.parse(body) as { push_data: { tag?: string; images: string[] } },
  );
  return bodies.map(({ push_data: { tag = 'no tag', images } }) => `${tag} ${images.at(-1)?.slice(0, 8)}`);
}

const short = (image: TestImage, tag: string): string => `${tag} ${image.id.slice(0, 8)}`;

/** Pushes like an engine, over its own connection. */
async function push(chain: readonly TestImage[], tags: readonly string[], user = 'alice'): Promise<void> {
  const engine = engineClient(server.url, user);
  try {
    await engine.push('alice/app', chain, tags);
  } finally {
    engine.close();
  }
}

/** Opens a push that can be stopped between any two requests, with these announcements. */
async function open(images: readonly TestImage[], tags: readonly string[]): Promise<string> {
  const entries = images.flatMap(({ id }, index): object[] =>
    index === images.length - 1 && tags.length > 0 ? tags.map((Tag) => ({ id, Tag })) : [{ id }],
  );
  const answer = await request(server.server)
    .put('/v1/repositories/alice/app/')
    .set('Authorization', basic('alice'))
    .send(entries)
    .expect(200);
  return `Token ${answer.headers['x-docker-token']}`;
}

const setTag = (authorization: string, tag: string, { id }: TestImage) =>
  request(server.server)
    .put(`/v1/repositories/alice/app/tags/${tag}`)
    .set('Authorization', authorization)
    .type('application/json')
    .send(JSON.stringify(id))
    .expect(200);

const end = (list: object[] = [], authorization = basic('alice')) =>
  request(server.server)
    .put('/v1/repositories/alice/app/images')
    .set('Authorization', authorization)
    .send(list)
    .expect(204);

const finishedEvents = async (): Promise<number> =>
  (await server.ctx.db('audit_events').where({ action: 'push.finished' })).length;

it('three tags of one image, pushed at once, are reported three times, in each of many rounds (R223)', async () => {
  for (let round = 0; round < 15; round += 1) {
    const image = createImage();
    const tags = ['one', 'two', 'three'];
    await Promise.all(tags.map((tag) => push([image], [tag])));
    expect((await told()).sort()).toEqual(tags.map((tag) => short(image, tag)).sort());
    there.received.length = 0;
  }
  expect(await finishedEvents()).toBe(45);
});

it.each([
  ['of different tags', () => [base], (index: number) => [`t${index}`]],
  ['of one tag and one image', () => [base], () => ['same']],
  ['of one tag and different images', () => [createImage()], () => ['moved']],
  ['of two tags each', () => createChain(2), () => ['left', 'right']],
])('12 pushes at once %s are reported 12 times for each tag', async (_title, imagesOf, tagsOf) => {
  const pushes = Array.from({ length: 12 }, (_, index) => ({ images: imagesOf(), tags: tagsOf(index) }));
  await Promise.all(pushes.map(({ images, tags }) => push(images, tags)));
  const expected = pushes.flatMap(({ images, tags }) => tags.map((tag) => short(images.at(-1)!, tag)));
  expect((await told()).sort()).toEqual(expected.sort());
  expect(await finishedEvents()).toBe(12);
  expect(await server.ctx.db('pushes')).toEqual([]);
});

it('the last report of a tag has the image that it points to, and its moves are reported in order (R223)', async () => {
  const images = Array.from({ length: 10 }, () => createImage());
  await Promise.all(images.map((image) => push([image], ['latest'])));
  const moves = await server.ctx
    .db('tag_events')
    .where({ tag: 'latest' })
    .whereIn(
      'to_image_id',
      images.map(({ id }) => id),
    )
    .orderBy('id');
  expect(await told()).toEqual(moves.map(({ to_image_id: id }: { to_image_id: string }) => `latest ${id.slice(0, 8)}`));
  expect(moves).toHaveLength(10);
});

it('a push of three tags is reported with all three (R223)', async () => {
  const image = createImage();
  await push([image], ['1.0.2', '1.0', '1']);
  expect(await told()).toEqual([short(image, '1.0.2'), short(image, '1.0'), short(image, '1')]);
  expect(await finishedEvents()).toBe(1);
});

it('a push that was killed before it set a tag, and is tried again, is reported once', async () => {
  const [lower, upper] = createChain(2) as [TestImage, TestImage];
  await uploadImage(server, await open([lower, upper], ['a']), lower);
  await push([lower, upper], ['a']);
  expect(await told()).toEqual([short(upper, 'a')]);
});

it('a push that was killed between its tag and its end, and is tried again, is reported once (R223)', async () => {
  await setTag(await open([base], ['b']), 'b', base);
  await push([base], ['b']);
  expect(await told()).toEqual([short(base, 'b')]);
  const later = createImage();
  await push([later], ['c']);
  expect((await told()).slice(1)).toEqual([short(later, 'c')]);
});

it('a tag of a push that was killed before its end is reported with the next push of the account', async () => {
  await setTag(await open([base], ['killed']), 'killed', base);
  await push([base], ['next']);
  expect(await told()).toEqual([short(base, 'killed'), short(base, 'next')]);
});

it('an end that is sent again is neither reported nor counted, whatever else is being pushed (R223)', async () => {
  const running = createImage();
  const authorization = await open([running], ['slow']);
  await push([base], ['d']);
  await end();
  await uploadImage(server, authorization, running);
  await end();
  expect(await told()).toEqual([short(base, 'd')]);
  await setTag(authorization, 'slow', running);
  await end();
  expect(await told()).toEqual([short(base, 'd'), short(running, 'slow')]);
  expect(await finishedEvents()).toBe(2);
});

it('a push of several tags that goes on while another ends is reported completely', async () => {
  const slow = createImage();
  const authorization = await open([slow], ['s1', 's2']);
  await uploadImage(server, authorization, slow);
  await setTag(authorization, 's1', slow);
  await push([base], ['e']);
  expect(await told()).toEqual([short(base, 'e')]);
  await setTag(authorization, 's2', slow);
  await end();
  expect(await told()).toEqual([short(base, 'e'), short(slow, 's1'), short(slow, 's2')]);
});

it('a tag that is set again by the same push, as 0.6 does for each ancestor, is reported once with the last image', async () => {
  const [lower, upper] = createChain(2) as [TestImage, TestImage];
  const token = await startPush(server, 'alice/app', [lower, upper]);
  for (const image of [lower, upper]) {
    await uploadImage(server, token, image);
    await setTag(token, 'v06', image);
  }
  const list = [lower, upper].map(({ id }) => ({ id, checksum: 'tarsum+sha256:00', Tag: 'v06' }));
  await end(list);
  await end(list); // the answer was lost
  expect(await told()).toEqual([short(upper, 'v06')]);
});

it('without a token, as engines push over https, each of two pushes at once is reported', async () => {
  await Promise.all(['f', 'g'].map((tag) => open([base], [tag])));
  await Promise.all(['g', 'f'].map((tag) => setTag(basic('alice'), tag, base)));
  await Promise.all([end(), end()]);
  expect((await told()).sort()).toEqual([short(base, 'f'), short(base, 'g')]);
});

it('tags that two accounts move at once are reported in order, each with the account that moved it', async () => {
  await server.ctx.db.raw(
    `insert into collaborators (repository_id, user_id)
     select r.id, u.id from repositories r, users u where r.name = 'app' and u.username = 'bobby' on conflict do nothing`,
  );
  const [first, second] = [createImage(), createImage()];
  const token = await open([first], ['h']);
  await uploadImage(server, token, first);
  await setTag(token, 'h', first);
  await push([second], ['h'], 'bobby');
  await end();
  expect(await told()).toEqual([short(first, 'h'), short(second, 'h')]);
  const pushers = there.received.map(
    ({ body }) => (JSON.parse(body) as { push_data: { pusher: string } }).push_data.pusher,
  );
  expect(pushers).toEqual(['alice', 'bobby']);
});

it('statistics count the pushes of the audit log, and no end twice', async () => {
  const image = createImage();
  await server.ctx.activity.flush();
  const before = await server.ctx.db('repository_totals').sum('pushes as n').first();
  await Promise.all(['i', 'j', 'k', 'l'].map((tag) => push([image], [tag])));
  await end();
  await server.ctx.activity.flush();
  const after = await server.ctx.db('repository_totals').sum('pushes as n').first();
  expect(Number(after?.['n'] ?? 0) - Number(before?.['n'] ?? 0)).toBe(4);
  expect(await finishedEvents()).toBe(4);
});

it.each(VERSIONS)(
  'the recorded pushes of two tags by docker %s are reported once for each tag, each time',
  async (version) => {
    await pushImages(server, 'alice/multi', [base]);
    await addHookTo(server, 'multi', there.url);
    const replay = new Replay(server, newHubState({ alice: passwordOf('alice') }));
    for (const file of ['05-push-2tags.txt', '06-push-again.txt']) {
      await server.runJobs();
      there.received.length = 0;
      await replay.run(readTrace(version, file));
      expect((await told()).map((line) => line.split(' ')[0])).toEqual(['one', 'two']);
    }
    replay.close();
    await server.ctx.db('repositories').where({ name: 'multi' }).delete();
  },
);
