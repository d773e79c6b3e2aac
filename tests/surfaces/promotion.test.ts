import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { createAccountToken } from '../../src/features/accounts/own-access-tokens';
import { actor, addHook, startHookServer, type HookServer } from '../features/webhooks/hook-server';
import { askApi } from '../helpers/api-client';
import { browseAs } from '../helpers/browse';
import {
  createChain,
  createImage,
  pushImages,
  startPull,
  startPush,
  uploadImage,
  type TestImage,
} from '../helpers/images';
import { runOnServer } from '../helpers/program-on-server';
import { startReceiver, type Receiver } from '../helpers/receiver';
import { call, errorText, makePrivate, registryClient, reply } from '../helpers/registry-client';
import { addUser, basic } from '../helpers/test-server';
import { setImmutableTags } from '../helpers/by-name';

const MISSING = [404, errorText('Image not found')];

let server: HookServer;
let there: Receiver;
beforeEach(async () => {
  [server, there] = await Promise.all([startHookServer(), startReceiver()]);
  await addUser(server, 'root', { isAdmin: true });
});
afterEach(() => Promise.all([server.close(), there.close()]));

const putTag = (repository: string, tag: string, id: string, authorization = basic('alice')) =>
  reply(call(server, 'put', `/v1/repositories/${repository}/tags/${tag}`, { authorization, body: `"${id}"` }));

/** Creates an empty repository of alice. */
async function create(name: string, namespace = 'alice'): Promise<void> {
  const { status } = await askApi(server, 'post', '/api/v1.1/repositories/', {
    as: namespace,
    body: { namespace, name },
  });
  expect(status).toBe(201);
}

async function expectWhole(repository: string, chain: readonly TestImage[], user = 'alice'): Promise<void> {
  const client = registryClient(server, await startPull(server, repository, user));
  const ids = chain.map(({ id }) => id).reverse();
  expect(JSON.parse((await client.get(ids[0] ?? '', 'ancestry')).text)).toEqual(ids);
  for (const image of chain) {
    expect((await client.get(image.id, 'json')).bytes).toEqual(image.json);
    expect((await client.get(image.id, 'layer')).bytes).toEqual(image.layer);
  }
}

async function limitedToken(username: string, repositories: string[]): Promise<string> {
  const wanted = { name: `for ${repositories.join(' ')}`, access: 'write' as const, repositories };
  const { secret } = await createAccountToken(server.ctx, OPERATOR_ACTOR, username, wanted);
  return basic(username, secret);
}

const copy = (to: string, body: unknown, headers: Record<string, string> = { Authorization: basic('alice') }) =>
  askApi(server, 'post', `/api/v1.1/repositories/${to}/tags/`, { body, headers });
const source = (name: string, tag: string, namespace = 'alice') => ({ source: { namespace, name, tag } });

async function expectTold(repository: string, tag: string, image: TestImage): Promise<void> {
  const [event] = await server.ctx.db('tag_events').where({ to_image_id: image.id, tag }).orderBy('id', 'desc');
  expect(event).toMatchObject({ tag, from_image_id: null });
  const audited = await server.ctx.db('audit_events').where({ action: 'tag.set', subject: `${repository}:${tag}` });
  expect(audited).toHaveLength(1);
  await server.runJobs();
  const told = there.received.map(({ body }) => (JSON.parse(body) as { push_data: unknown }).push_data);
  expect(told).toEqual([expect.objectContaining({ tag, images: [image.id] })]);
}

describe('PUT R/tags/<tag> of an image that a sibling has', () => {
  it('links the whole chain, sets the tag, records and announces it', async () => {
    const chain = createChain(3);
    await pushImages(server, 'alice/staging', chain);
    await makePrivate(server, 'alice/staging', 'alice');
    await create('app');
    await addHook(server, `${there.url}/in`);
    expect(await putTag('alice/app', '1.0', chain[2]!.id)).toEqual([200, 'true']);
    await expectWhole('alice/app', chain);
    const { body } = await askApi(server, 'get', '/api/v1.1/repositories/alice/app/', { as: 'alice' });
    expect(body).toMatchObject({ status: 'active', tag_count: 1 });
    await server.runJobs();
    there.received.splice(0, there.received.length - 1);
    await expectTold('alice/app', '1.0', chain[2]!);
  });

  it('accepts an image of the library, and one that was announced with a token', async () => {
    const chain = createChain(2);
    await pushImages(server, 'base', chain, { user: 'root' });
    await create('app');
    expect(await putTag('alice/app', 'base', chain[1]!.id)).toEqual([200, 'true']);
    const other = createChain(1);
    await pushImages(server, 'alice/staging', other);
    const token = await startPush(server, 'alice/app', []);
    expect(await putTag('alice/app', 'x', other[0]!.id, token)).toEqual(MISSING);
    const announced = await startPush(server, 'alice/app', other);
    expect(await putTag('alice/app', 'x', other[0]!.id, announced)).toEqual([200, 'true']);
    await expectWhole('alice/app', other);
  });

  it('gives the same answer for an image of another user, private or not, and for one that does not exist (R201)', async () => {
    const [open, hidden] = [createImage(), createImage()];
    await pushImages(server, 'bobby/open', [open], { user: 'bobby' });
    await pushImages(server, 'bobby/hidden', [hidden], { user: 'bobby' });
    await makePrivate(server, 'bobby/hidden', 'bobby');
    await create('app');
    for (const { id } of [open, hidden, createImage()]) expect(await putTag('alice/app', 'x', id)).toEqual(MISSING);
    // A collaborator links what they may read, not what the owner may.
    await askApi(server, 'put', '/api/v1.1/repositories/alice/app/collaborators/bobby/', { as: 'alice' });
    const secret = createImage();
    await pushImages(server, 'alice/secret', [secret]);
    await makePrivate(server, 'alice/secret', 'alice');
    expect(await putTag('alice/app', 'x', secret.id, basic('bobby'))).toEqual(MISSING);
    expect(await server.ctx.db('tags').where({ name: 'x' })).toEqual([]);
  });

  it('needs an access token for both repositories', async () => {
    const image = createImage();
    await pushImages(server, 'alice/staging', [image]);
    await create('app');
    const one = await limitedToken('alice', ['alice/app']);
    expect(await putTag('alice/app', '1.0', image.id, one)).toEqual(MISSING);
    const both = await limitedToken('alice', ['alice/app', 'alice/staging']);
    expect(await putTag('alice/app', '1.0', image.id, both)).toEqual([200, 'true']);
  });
});

describe('copying a tag', () => {
  it('by the API links, records and announces, and returns the new tag', async () => {
    const chain = createChain(2);
    await pushImages(server, 'alice/staging', chain, { tag: 'rc' });
    await create('app');
    await addHook(server, `${there.url}/in`);
    await server.runJobs();
    const made = await copy('alice/app', { name: '1.0', ...source('staging', 'rc') });
    expect([made.status, made.body]).toMatchObject([201, { name: '1.0', image_id: chain[1]!.id }]);
    await expectWhole('alice/app', chain);
    await expectTold('alice/app', '1.0', chain[1]!);
    expect((await copy('alice/app', { name: '1.0', ...source('staging', 'rc') })).status).toBe(200);
  });

  it('moves no immutable tag, and leaves nothing behind if it fails', async () => {
    const [first, second] = [createImage(), createImage()];
    await pushImages(server, 'alice/app', [first], { tag: 'v1' });
    await pushImages(server, 'alice/staging', [second], { tag: 'rc' });
    await setImmutableTags(server.ctx, await actor(server, 'alice'), { namespace: 'alice', name: 'app' }, ['v*']);
    const refused = await copy('alice/app', { name: 'v1', ...source('staging', 'rc') });
    expect([refused.status, refused.body.detail]).toEqual([
      409,
      'The tag v1 is immutable: it cannot be moved or deleted',
    ]);
    expect(await putTag('alice/app', 'v1', second.id)).toEqual([
      409,
      errorText('The tag v1 is immutable: it cannot be moved or deleted'),
    ]);
    const links = await server.ctx.db('repository_images').where({ image_id: second.id });
    expect(links).toHaveLength(1);
  });

  it('is refused between namespaces, for unknown images, and if ids mean other images', async () => {
    const image = createImage();
    await pushImages(server, 'bobby/open', [image], { user: 'bobby' });
    await pushImages(server, 'bobby/hidden', [createImage()], { user: 'bobby' });
    await makePrivate(server, 'bobby/hidden', 'bobby');
    await pushImages(server, 'alice/app', [createImage({ id: image.id })]);
    await create('other');
    await pushImages(server, 'base', [image], { user: 'root' });
    const ask = async (to: string, body: object): Promise<unknown[]> => {
      const { status, body: answer } = await copy(to, { name: 'x', ...body });
      return [status, (answer as { detail?: string }).detail];
    };
    expect(await ask('alice/other', source('open', 'latest', 'bobby'))).toEqual([
      403,
      'Images are copied within a namespace, or from library. Pull this one and push it',
    ]);
    const hidden = await ask('alice/other', source('hidden', 'latest', 'bobby'));
    const nowhere = await ask('alice/other', source('nowhere', 'latest', 'bobby'));
    expect(hidden).toEqual([404, 'No such repository: bobby/hidden']);
    expect(nowhere).toEqual([404, 'No such repository: bobby/nowhere']);
    expect(await ask('alice/other', source('app', 'nope'))).toEqual([404, 'alice/app has no tag nope']);
    expect((await ask('bobby/open', source('app', 'latest')))[0]).toBe(403);
    expect(await ask('alice/app', source('base', 'latest', 'library'))).toEqual([
      409,
      'alice/app has different images with the same ids',
    ]);
    expect((await ask('alice/other', source('base', 'latest', 'library')))[0]).toBe(201);
  });

  it('needs an access token for both repositories', async () => {
    await pushImages(server, 'alice/staging', [createImage()]);
    await create('app');
    const body = { name: 'x', ...source('staging', 'latest') };
    for (const one of ['alice/app', 'alice/staging']) {
      const answer = await copy('alice/app', body, { Authorization: await limitedToken('alice', [one]) });
      expect(answer.status).toBe(403);
    }
    const both = await limitedToken('alice', ['alice/app', 'alice/staging']);
    expect((await copy('alice/app', body, { Authorization: both })).status).toBe(201);
  });

  it('works on a page, which shows what is wrong with the form', async () => {
    const image = createImage();
    await pushImages(server, 'alice/staging', [image]);
    await create('app');
    const alice = await browseAs(server, 'alice');
    expect((await alice.get('/r/alice/staging/tags/latest/')).html).toContain('Copy to another repository');
    const path = '/r/alice/staging/tags/latest/copy/';
    const wrong = await alice.send(path, { target: 'alice/nowhere', tag: '1.0' });
    expect([wrong.status, wrong.html.includes('No such repository: alice/nowhere.')]).toEqual([400, true]);
    const right = await alice.send(path, { target: 'alice/app', tag: '1.0' });
    expect([right.status, right.location]).toEqual([303, '/r/alice/app/tags/']);
    await expectWhole('alice/app', [image]);
  });

  it('works on the command line', async () => {
    const image = createImage();
    await pushImages(server, 'alice/staging', [image]);
    await create('app');
    await pushImages(server, 'bobby/open', [createImage()], { user: 'bobby' });
    const run = (...args: string[]) => runOnServer(server, 'repo', 'copy-tag', ...args);
    await expect(run('alice/staging', 'alice/app:1.0')).rejects.toThrow('is not a tag: expected namespace/name:tag');
    await expect(run('bobby/open:latest', 'alice/app:1.0')).rejects.toThrow('Images are copied within a namespace');
    const print = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    await run('alice/staging:latest', 'alice/app:1.0');
    expect(print.mock.calls).toEqual([[`alice/app:1.0 now points to ${image.id}.`]]);
    print.mockRestore();
    await expectWhole('alice/app', [image]);
  });
});

it('a copy at the same time as uploads of the same image: both end, and the tag is whole', async () => {
  const chain = createChain(2);
  await pushImages(server, 'alice/staging', chain);
  await create('app');
  for (let round = 0; round < 5; round += 1) {
    const token = await startPush(server, 'alice/app', chain);
    const [copied] = await Promise.all([
      copy('alice/app', { name: `r${round}`, ...source('staging', 'latest') }),
      uploadImage(server, token, chain[0]!).catch(() => undefined),
    ]);
    expect(copied.status).toBe(201);
    await expectWhole('alice/app', chain);
    await server.ctx
      .db('tags')
      .where({ name: `r${round}` })
      .delete();
    const { id } = await server.ctx.db('repositories').where({ name: 'app' }).first('id');
    await server.ctx.db('repository_images').where({ repository_id: id }).delete();
  }
});
