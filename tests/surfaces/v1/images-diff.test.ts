import { gzipSync } from 'node:zlib';
import { createImage, pushImages, startPull, startPush } from '../../helpers/images';
import { errorText, registryClient, reply } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { packTar } from '../../features/images/tar/pack-tar';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

const file = (name: string, text = 'x') => ({ name, body: Buffer.from(text), mtime: 12 });
const facts = (isDeleted: boolean, size: number, mtime = 12, mode = 0o644): unknown[] => {
  return ['f', isDeleted, size, mtime, mode, 0, 0];
};
const layer = (...entries: Parameters<typeof packTar>): Buffer => gzipSync(packTar(...entries));

describe('GET /v1/images/<id>/diff (protocol 4.9)', () => {
  const base = createImage({ layer: layer(file('./etc/motd'), file('./etc/hosts'), file('./srv/a'), file('./srv/b')) });
  const middle = createImage({
    parent: base.id,
    layer: layer({ name: './.wh.srv', mtime: 12 }, file('./etc/new'), { name: './etc/.wh.hosts', mtime: 12 }),
  });
  const top = createImage({
    parent: middle.id,
    layer: layer(file('./etc/motd', 'longer'), file('./etc/hosts'), file('./srv/a'), file('./__proto__'), {
      name: './etc/.wh.new',
      mtime: 12,
      mode: 0,
    }),
  });
  let client: ReturnType<typeof registryClient>;
  beforeAll(async () => {
    await pushImages(server, 'alice/app', [base, middle, top]);
    client = registryClient(server, await startPull(server, 'alice/app'));
  });

  async function diff(id: string): Promise<unknown> {
    const answer = await client.get(id, 'diff');
    expect(answer.status).toBe(200);
    return JSON.parse(answer.text);
  }

  it('says what the layer deleted, changed and created in its ancestors', async () => {
    expect(await diff(top.id)).toEqual({
      deleted: { '/etc/new': facts(true, 0, 12, 0) },
      changed: { '/etc/motd': facts(false, 6) },
      // A layer between had deleted /etc/hosts itself, and the directory of /srv/a.
      created: JSON.parse(
        JSON.stringify({ '/etc/hosts': facts(false, 1), '/srv/a': facts(false, 1) }).replace(
          /}$/,
          `,"/__proto__":${JSON.stringify(facts(false, 1))}}`,
        ),
      ),
    });
  });

  it('a base creates everything', async () => {
    expect(await diff(base.id)).toMatchObject({ deleted: {}, changed: {}, created: { '/etc/motd': facts(false, 1) } });
  });

  it('answers 404 to an unknown image, 400 to a layer that is not a tar, 401 to wrong credentials', async () => {
    expect(await reply(client.get('a'.repeat(64), 'diff'))).toEqual([404, errorText('Image not found')]);
    const odd = createImage({
      parent: base.id,
      layer: Buffer.from('no tar at all, but more than a header'.repeat(40)),
    });
    await pushImages(server, 'alice/odd', [base, odd]);
    const odds = registryClient(server, await startPull(server, 'alice/odd'));
    expect(await reply(odds.get(odd.id, 'diff'))).toEqual([400, errorText('Layer format not supported')]);
    const wrong = registryClient(server, 'Token signature=00,repository="alice/app",access=read');
    expect(await reply(wrong.get(top.id, 'diff'))).toEqual([401, errorText('Requires authorization')]);
  });

  it('answers 400 during the upload, and 304 to a client that has it', async () => {
    const next = createImage({ parent: top.id });
    const push = registryClient(server, await startPush(server, 'alice/app', [next]));
    await push.putJson(next.id, next.json);
    expect((await push.get(next.id, 'diff')).status).toBe(400);
    const since = { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' };
    expect(await reply(client.get(top.id, 'diff', since))).toEqual([304, '']);
  });
});
