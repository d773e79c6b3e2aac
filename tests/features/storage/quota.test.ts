import { randomBytes } from 'node:crypto';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { setPlan } from '../../../src/features/namespaces/plans';
import { updateNamespace } from '../../../src/features/namespaces/settings';
import { createImage, pushImages, startPull, startPush, type TestImage } from '../../helpers/images';
import { registryClient, reply } from '../../helpers/registry-client';
import { startSibling } from '../../helpers/sibling-server';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { asUser, digestOf, startUpload } from '../../helpers/v2-client';

/* The limit of a plan on the bytes of layers in a namespace. */

const LIMIT = 5000;

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
  await setPlan(server.ctx, OPERATOR_ACTOR, { name: 'tiny', privateRepositories: 1, storedBytes: LIMIT, position: 0 });
  await updateNamespace(server.ctx, OPERATOR_ACTOR, 'alice', { plan: 'tiny' });
});
afterEach(() => server.close());

const imageOf = (bytes: number): TestImage => createImage({ layer: randomBytes(bytes) });

/** Pushes up to the layer; resolves to the answer to it. */
async function pushLayer(repository: string, image: TestImage, user = 'alice'): Promise<unknown> {
  const push = registryClient(server, await startPush(server, repository, [image], user));
  expect(await reply(push.putJson(image.id, image.json))).toEqual([200, 'true']);
  return reply(push.putLayer(image.id, image.layer));
}

const REFUSED = [403, '{"error":"The plan tiny of alice allows 4.9 KiB of layers, and there is no room for this one"}'];

it('a layer that goes beyond the plan is refused, leaves nothing behind, and existing layers can be pulled (R92)', async () => {
  const stored = imageOf(3000);
  await pushImages(server, 'alice/app', [stored]);
  expect(await pushLayer('alice/app', imageOf(2500))).toEqual(REFUSED);
  expect(await pushLayer('alice/other', imageOf(2500))).toEqual(REFUSED);
  expect(await pushLayer('alice/app', imageOf(1900))).toEqual([200, 'true']);
  const pull = registryClient(server, await startPull(server, 'alice/app'));
  expect((await pull.get(stored.id, 'layer')).bytes.equals(stored.layer)).toBe(true);
  const { rows } = await server.ctx.db.raw<{ rows: { count: number }[] }>('select count(*)::int as count from blobs');
  expect(rows[0]?.count).toBe(2);
});

it('layers that are being uploaded count, and a layer that several images have counts once', async () => {
  const shared = randomBytes(3000);
  await pushImages(server, 'alice/app', [createImage({ layer: shared })]);
  await server.ctx.db('plans').where({ name: 'tiny' }).update({ stored_bytes: 7000 });
  await pushImages(server, 'alice/other', [createImage({ layer: shared })]);
  await server.ctx.db('plans').where({ name: 'tiny' }).update({ stored_bytes: LIMIT });
  expect(await pushLayer('alice/app', imageOf(1500))).toEqual([200, 'true']);
  expect(await pushLayer('alice/app', imageOf(1000))).toEqual(REFUSED);
});

it('layers that arrive at once do not all find the same room free', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `alice/app${index}`);
  const answers = await Promise.all(names.map((name) => pushLayer(name, imageOf(1200))));
  expect(answers.filter((answer) => JSON.stringify(answer) === '[200,"true"]')).toHaveLength(4);
  expect(answers.filter((answer) => JSON.stringify(answer) === JSON.stringify(REFUSED))).toHaveLength(8);
  expect(await server.ctx.db('blobs').sum('size_bytes as bytes')).toEqual([{ bytes: '4800' }]);
});

it('a larger plan takes effect at once', async () => {
  expect(await pushLayer('alice/app', imageOf(6000))).toEqual(REFUSED);
  await updateNamespace(server.ctx, OPERATOR_ACTOR, 'alice', { plan: 'unlimited' });
  expect(await pushLayer('alice/app', imageOf(6000))).toEqual([200, 'true']);
});

it('it does not apply to other namespaces, or to those of site administrators', async () => {
  await updateNamespace(server.ctx, OPERATOR_ACTOR, 'root', { plan: 'tiny' });
  expect(await pushLayer('robert/app', imageOf(6000), 'robert')).toEqual([200, 'true']);
  expect(await pushLayer('root/app', imageOf(6000), 'root')).toEqual([200, 'true']);
  expect(await pushLayer('library/app', imageOf(6000), 'root')).toEqual([200, 'true']);
});

it('a new installation begins with 10 GiB for users who register', async () => {
  const free = await server.ctx.db('plans').where({ name: 'free' }).first<{ stored_bytes: number }>('stored_bytes');
  expect(free.stored_bytes).toBe(10 * 2 ** 30);
});

describe('over v2', () => {
  const UPLOADS = '/v2/alice/app/blobs/uploads/';

  it('a blob beyond the plan is refused, in one request or in several, and uploads that wait do not get around it (R92)', async () => {
    const bytes = randomBytes(3000);
    const whole = await asUser(server, 'post', `${UPLOADS}?digest=${digestOf(randomBytes(6000))}`).send(
      randomBytes(6000),
    );
    expect([whole.status, whole.body.errors[0].code]).toEqual([403, 'DENIED']);
    const uploads = [bytes, randomBytes(3000), randomBytes(3000)];
    const locations: string[] = [];
    for (const each of uploads) {
      const location = await startUpload(server, 'alice/app');
      locations.push(location);
      // A fresh process knows nothing of bytes that arrived earlier.
      const sibling = await startSibling(server);
      await asUser(sibling, 'patch', location).send(each).expect(202);
      await sibling.close();
    }
    const answers = await Promise.all(
      uploads.map((each, index) => asUser(server, 'put', `${locations[index]}?digest=${digestOf(each)}`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403]);
    const refused = answers.find(({ status }) => status === 403);
    expect(refused?.body.errors[0]).toMatchObject({ code: 'DENIED', message: JSON.parse(REFUSED[1] as string).error });
    expect(await server.ctx.db('blob_uploads').pluck('id')).toEqual([]);
    await asUser(server, 'post', `${UPLOADS}?digest=${digestOf('small')}`)
      .send('small')
      .expect(201);
  });
});
