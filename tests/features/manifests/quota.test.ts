import { randomBytes } from 'node:crypto';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { mountBlob } from '../../../src/features/manifests/blobs';
import { StorageRooms } from '../../../src/blobs/storage-rooms';
import { setPlan } from '../../../src/features/namespaces/plans';
import { updateNamespace } from '../../../src/features/namespaces/settings';
import { hasRoomFor } from '../../../src/features/storage/quota';
import { createImage, pushImages } from '../../helpers/images';
import { pushBlob, pushManifest, pushPlace, type PushPlace } from '../../helpers/owner-pushes';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const LIMIT = 5000;

let server: TestServer;
let app: PushPlace;
let twin: PushPlace;
beforeEach(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  app = await pushPlace(server, 'alice/app');
  twin = await pushPlace(server, 'alice/twin');
});
afterEach(() => server.close());

async function limit(): Promise<void> {
  const plan = { name: 'tiny', privateRepositories: 1, storedBytes: LIMIT, position: 0 };
  await setPlan(server.ctx, OPERATOR_ACTOR, plan);
  await updateNamespace(server.ctx, OPERATOR_ACTOR, 'alice', { plan: 'tiny' });
}

const hasRoom = (bytes: number): Promise<boolean> => hasRoomFor(server.ctx, 'alice', bytes);

it('a blob counts once for its namespace, in however many manifests, links and images of v1 (R92)', async () => {
  const layer = randomBytes(3000);
  await pushManifest(app, { tag: 'v1', layers: [layer] });
  await pushManifest(app, { tag: 'v2', layers: [layer] });
  await pushManifest(twin, { tag: 'v1', layers: [layer] });
  await pushImages(server, 'alice/app', [createImage({ layer })], { tag: 'old' });
  await limit();
  expect([await hasRoom(1800), await hasRoom(2001)]).toEqual([true, false]);
});

it('blobs beyond the plan are refused, and nothing is kept of them (R92)', async () => {
  await limit();
  await pushBlob(app, randomBytes(3000));
  const refused = { code: 'forbidden', message: expect.stringContaining('The plan tiny of alice allows') };
  await expect(pushBlob(twin, randomBytes(2500))).rejects.toMatchObject(refused);
  await pushBlob(twin, randomBytes(1900));
  expect(await server.ctx.db('blobs')).toHaveLength(2);
});

it('blobs of other processes count as soon as the limit is near (R92)', async () => {
  await limit();
  await pushBlob(app, randomBytes(1000)); // now this process knows a total
  const other = { ...server.ctx, namespaceRooms: new StorageRooms() };
  await pushBlob({ ...app, ctx: other }, randomBytes(3000));
  await expect(pushBlob(twin, randomBytes(3600))).rejects.toMatchObject({ code: 'forbidden' });
  expect(await server.ctx.db('blobs')).toHaveLength(2);
});

it('a mount from another namespace obeys the plan, and one within the namespace takes no room (R92)', async () => {
  const theirs = await pushPlace(server, 'robert/base');
  const mount = async (to: PushPlace, from: PushPlace, bytes: number): Promise<boolean> =>
    mountBlob(server.ctx, to.repository, from.repository, await pushBlob(from, randomBytes(bytes)));
  await limit();
  expect(await mount(app, theirs, LIMIT + 1)).toBe(false);
  expect(await mount(app, theirs, 3000)).toBe(true);
  expect(await mount(app, theirs, 2500)).toBe(false);
  expect(await mount(twin, app, 1500)).toBe(true);
  expect([await hasRoom(500), await hasRoom(501)]).toEqual([true, false]);
});
