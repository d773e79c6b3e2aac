import { gzipSync } from 'node:zlib';
import { createImage, pushImages, startPull, startPush, type TestImage } from '../../helpers/images';
import { errorText, registryClient, reply, type RegistryClient } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { packTar } from '../../features/images/tar/pack-tar';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

async function pushed(image: TestImage): Promise<RegistryClient> {
  await pushImages(server, 'alice/app', [image]);
  return registryClient(server, await startPull(server, 'alice/app'));
}

describe('GET /v1/images/<id>/files (protocol 4.9)', () => {
  const tar = packTar(
    { name: './', typeflag: '5', mode: 0o755, mtime: 10 },
    { name: './etc/', typeflag: '5', mode: 0o755, mtime: 11 },
    { name: './etc/motd', body: Buffer.from('hello'), mtime: 12, uid: 3, gid: 4 },
    { name: './etc/link', typeflag: '2', linkname: 'motd', mode: 0o777 },
    { name: './etc/.wh.gone', mode: 0 },
    { name: './.wh.too', mode: 0 },
    { name: './.wh..wh.plnk', typeflag: '5' },
  );
  const rows = [
    ['/', 'd', false, 0, 10, 0o755, 0, 0],
    ['/etc', 'd', false, 0, 11, 0o755, 0, 0],
    ['/etc/motd', 'f', false, 5, 12, 0o644, 3, 4],
    ['/etc/link', 's', false, 0, 0, 0o777, 0, 0],
    ['/etc/gone', 'f', true, 0, 0, 0, 0, 0],
    ['/too', 'f', true, 0, 0, 0, 0, 0],
  ];

  it('lists the files of the layer, with whiteouts at any depth', async () => {
    const image = createImage({ layer: gzipSync(tar) });
    const answer = await (await pushed(image)).get(image.id, 'files');
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, rows]);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'public, max-age=31536000',
    });
  });

  it('reads a tar that is not compressed', async () => {
    const image = createImage({ layer: tar });
    const answer = await (await pushed(image)).get(image.id, 'files');
    expect(JSON.parse(answer.text)).toEqual(rows);
  });

  it('answers 304 to If-Modified-Since', async () => {
    const image = createImage({ layer: tar });
    const since = { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' };
    expect(await reply((await pushed(image)).get(image.id, 'files', since))).toEqual([304, '']);
  });

  it('answers 400 to a layer that is not a tar, and forbids to cache that', async () => {
    for (const layer of [Buffer.from('no tar'), gzipSync(tar).subarray(0, 60), Buffer.from('BZh91AY&SY')]) {
      const image = createImage({ layer });
      const answer = await (await pushed(image)).get(image.id, 'files');
      expect([answer.status, answer.text]).toEqual([400, errorText('Layer format not supported')]);
      expect(answer.headers['cache-control']).toBe('no-cache');
    }
  });

  it('answers 404, 400 and 401 like the json', async () => {
    const image = createImage();
    const pull = await pushed(image);
    const begun = createImage();
    const push = registryClient(server, await startPush(server, 'alice/app', [begun]));
    await push.putJson(begun.id, begun.json);
    expect(await reply(pull.get('0'.repeat(64), 'files'))).toEqual([404, errorText('Image not found')]);
    expect(await reply(pull.get('nothing', 'files'))).toEqual([404, errorText('Invalid image ID')]);
    expect(await reply(pull.get(begun.id, 'files'))).toEqual([400, errorText('Image is being uploaded, retry later')]);
    expect(await reply(registryClient(server, basic('alice', 'no')).get(image.id, 'files'))).toEqual([
      401,
      errorText('Requires authorization'),
    ]);
  });
});
