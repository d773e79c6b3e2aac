import { createChain, createImage, startPull, startPush, uploadImage } from '../../helpers/images';
import { call, errorText, makePrivate, registryClient, reply } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

/*
 * A request without a token (Basic on every request, curl) does not name a repository. With other contents under one
 * id, each rung of the ladder differs from the next: the repository that the caller opened last, the caller's own
 * namespace, the library, the image that was complete first.
 */

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol', 'bobby']) await addUser(server, name);
  await addUser(server, 'root', { isAdmin: true });
});
afterEach(() => server.close());

const ID = 'ab'.repeat(32);

/** Sends the image without a probe, which would link the content of another repository. */
async function pushed(repository: string, user: string): Promise<void> {
  const image = createImage({ id: ID, note: repository });
  await uploadImage(server, await startPush(server, repository, [image], user), image);
}

/** Forgets all openings, as after a month. */
async function forgetOpenings(): Promise<void> {
  await server.ctx.db('repository_openings').delete();
}

async function noteFor(authorization?: string): Promise<string> {
  const { status, text } = await registryClient(server, authorization).get(ID, 'json');
  expect(status).toBe(200);
  return (JSON.parse(text) as { comment: string }).comment;
}

it('the repository that the caller opened last decides, to push or to pull', async () => {
  await pushed('alice/one', 'alice');
  await pushed('alice/two', 'alice');
  await pushed('carol/other', 'carol');
  expect(await noteFor(basic('alice'))).toBe('alice/two');
  await startPull(server, 'alice/one', 'alice');
  expect(await noteFor(basic('alice'))).toBe('alice/one');
  await startPull(server, 'carol/other', 'alice');
  expect(await noteFor(basic('alice'))).toBe('carol/other');
  await startPush(server, 'alice/two', []);
  expect(await noteFor(basic('alice'))).toBe('alice/two');
  expect(await noteFor(basic('carol'))).toBe('carol/other'); // others have their own
});

it('an opening is recorded again if another came between, if it is a minute old, and if its record is gone', async () => {
  await pushed('alice/one', 'alice');
  await pushed('alice/two', 'alice');
  const { db } = server.ctx;
  await forgetOpenings();
  const opened = async (repository: string): Promise<Date[]> => {
    await startPull(server, repository, 'bobby');
    return db<{ opened_at: Date }>('repository_openings').orderBy('opened_at').pluck('opened_at');
  };
  const first = await opened('alice/one');
  expect(await opened('alice/one')).toEqual(first); // pulls repeat, and write nothing
  for (const repository of ['alice/two', 'alice/one', 'alice/two', 'alice/one']) {
    await opened(repository);
    expect(await noteFor(basic('bobby'))).toBe(repository);
  }
  await db.raw(`update repository_openings set opened_at = opened_at - interval '61 seconds'`);
  const before = Date.now();
  expect((await opened('alice/one')).map((at) => at.getTime() > before - 30_000)).toEqual([false, true]);
  await forgetOpenings();
  expect(await opened('alice/one')).toHaveLength(1);
  await opened('alice/two');
  expect(await noteFor(basic('bobby'))).toBe('alice/two');
});

it('an anonymous caller is identified by address (E4)', async () => {
  await pushed('alice/one', 'alice');
  await pushed('carol/two', 'carol');
  await startPull(server, 'carol/two');
  expect(await noteFor()).toBe('carol/two');
  await startPull(server, 'alice/one');
  expect(await noteFor()).toBe('alice/one');
  expect(await noteFor('Basic Og==')).toBe('alice/one');
  expect(await noteFor('Token ')).toBe('alice/one');
});

it('a repository that only announced the id counts too', async () => {
  await pushed('alice/full', 'alice');
  const image = createImage({ id: ID, note: 'bobby/begun' });
  await startPush(server, 'bobby/begun', [image], 'bobby');
  expect(await reply(registryClient(server, basic('bobby')).get(ID, 'json'))).toEqual([
    404,
    errorText('Image not found'),
  ]);
  await registryClient(server, basic('bobby')).putJson(ID, image.json);
  expect((await registryClient(server, basic('bobby')).get(ID, 'json')).status).toBe(400);
});

it('an opened repository that does not have the id does not count', async () => {
  await pushed('alice/full', 'alice');
  await startPush(server, 'bobby/none', [], 'bobby');
  expect(await noteFor(basic('bobby'))).toBe('alice/full');
});

it('then come the caller’s own namespace, the library, and the image that was complete first', async () => {
  await pushed('carol/first', 'carol');
  await pushed('base', 'root');
  await pushed('alice/last', 'alice');
  await forgetOpenings();
  expect(await noteFor(basic('alice'))).toBe('alice/last');
  expect(await noteFor(basic('bobby'))).toBe('base');
  expect(await noteFor()).toBe('base');
  await makePrivate(server, 'base', 'root');
  expect(await noteFor(basic('bobby'))).toBe('carol/first');
  expect(await noteFor()).toBe('carol/first');
  await makePrivate(server, 'carol/first', 'carol');
  expect(await noteFor(basic('bobby'))).toBe('alice/last');
  await makePrivate(server, 'alice/last', 'alice');
  expect((await registryClient(server, basic('bobby')).get(ID, 'json')).status).toBe(404);
  expect(await noteFor(basic('alice'))).toBe('alice/last');
  expect(await noteFor(basic('carol'))).toBe('carol/first');
});

it('an opening ends with the right to read', async () => {
  await pushed('alice/was-open', 'alice');
  await pushed('carol/open', 'carol');
  await startPull(server, 'alice/was-open', 'bobby');
  expect(await noteFor(basic('bobby'))).toBe('alice/was-open');
  await makePrivate(server, 'alice/was-open', 'alice');
  expect(await noteFor(basic('bobby'))).toBe('carol/open');
});

it('a push with Basic goes to the repository opened last, and only to one that the pusher may write', async () => {
  const image = createImage({ id: ID, note: 'mine' });
  await pushed('alice/theirs', 'alice');
  await startPush(server, 'bobby/one', [image], 'bobby');
  await startPush(server, 'bobby/two', [image], 'bobby');
  await startPull(server, 'alice/theirs', 'bobby'); // opened last, but bobby may not write it
  const client = registryClient(server, basic('bobby'));
  expect(await reply(client.putJson(ID, image.json))).toEqual([200, 'true']);
  await client.putLayer(ID, image.layer);
  expect(await reply(client.putPayload(ID, image.payload))).toEqual([200, 'true']);
  const two = registryClient(server, await startPull(server, 'bobby/two'));
  expect((await two.get(ID, 'json')).bytes).toEqual(image.json);
  const one = registryClient(server, await startPull(server, 'bobby/one'));
  expect((await one.get(ID, 'json')).status).toBe(404);
});

it('a whole push with only Basic, and a whole anonymous pull with an empty name and password', async () => {
  const [base, tip] = createChain(2);
  const asOwner = { authorization: basic('alice') };
  const repository = '/v1/repositories/alice/app';
  const list = JSON.stringify([base, tip].map((image) => ({ id: image!.id })));
  expect((await call(server, 'put', `${repository}/`, { ...asOwner, body: list })).status).toBe(200);
  for (const image of [base!, tip!]) await uploadImage(server, basic('alice'), image);
  const tagged = call(server, 'put', `${repository}/tags/latest`, { ...asOwner, body: `"${tip!.id}"` });
  expect(await reply(tagged)).toEqual([200, 'true']);
  expect((await call(server, 'put', `${repository}/images`, { ...asOwner, body: '[]' })).status).toBe(204);

  const get = async (path: string): Promise<Buffer> => {
    const { status, bytes } = await call(server, 'get', `/v1/${path}`, { authorization: 'Basic Og==' });
    expect([path, status]).toEqual([path, 200]);
    return bytes;
  };
  expect((await get('repositories/alice/app/images')).toString()).toContain(tip!.id);
  expect((await get('repositories/alice/app/tags')).toString()).toBe(`{"latest":"${tip!.id}"}`);
  expect((await get(`images/${tip!.id}/ancestry`)).toString()).toBe(JSON.stringify([tip!.id, base!.id]));
  for (const image of [base!, tip!]) {
    expect(await get(`images/${image.id}/json`)).toEqual(image.json);
    expect(await get(`images/${image.id}/layer`)).toEqual(image.layer);
  }
});
