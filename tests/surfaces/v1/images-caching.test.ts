import { createImage, startPull, startPush, uploadImage } from '../../helpers/images';
import { makePrivate, registryClient } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

/*
 * Two repositories have different images under one id. A cache may keep only what depends on nothing but the URL and
 * the token.
 */

const ID = 'cd'.repeat(32);
const PARTS = ['json', 'ancestry', 'layer'];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
  for (const [repository, user] of [
    ['alice/one', 'alice'],
    ['carol/two', 'carol'],
  ] as const) {
    const image = createImage({ id: ID, note: repository });
    await uploadImage(server, await startPush(server, repository, [image], user), image);
  }
});
afterAll(() => server.close());

async function seen(part: string, authorization?: string): Promise<{ text: string; [header: string]: unknown }> {
  const { headers, text } = await registryClient(server, authorization).get(ID, part);
  const { 'cache-control': cacheControl, 'last-modified': lastModified, expires, vary } = headers;
  return { text, cacheControl, lastModified, expires, vary };
}

const ASKED_EACH_TIME = {
  cacheControl: 'private, no-cache',
  lastModified: undefined,
  expires: undefined,
  vary: 'Accept, Authorization',
};

it('one URL without a token has two contents, so a cache must revalidate its copy each time (R73)', async () => {
  await startPull(server, 'alice/one');
  const first = await seen('json');
  await startPull(server, 'carol/two');
  const second = await seen('json');
  expect([first.text, second.text].map((text) => (JSON.parse(text) as { comment: string }).comment)).toEqual([
    'alice/one',
    'carol/two',
  ]);
  for (const part of PARTS) {
    expect([part, await seen(part)]).toMatchObject([part, ASKED_EACH_TIME]);
    expect([part, await seen(part, basic('alice'))]).toMatchObject([part, ASKED_EACH_TIME]);
    expect([part, await seen(part, 'Token ')]).toMatchObject([part, ASKED_EACH_TIME]);
  }
});

it('a token names the repository: a copy is good for every request with the same token', async () => {
  for (const repository of ['alice/one', 'carol/two']) {
    const token = await startPull(server, repository);
    for (const part of PARTS) {
      expect([part, await seen(part, token)]).toMatchObject([
        part,
        { cacheControl: 'public, max-age=31536000', vary: 'Accept, Authorization' },
      ]);
    }
  }
  await makePrivate(server, 'carol/two', 'carol');
  const token = await startPull(server, 'carol/two', 'carol');
  expect((await seen('json', token))['cacheControl']).toBe('private, max-age=31536000');
});
