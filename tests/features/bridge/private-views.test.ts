import { gzipSync } from 'node:zlib';
import { hex, pushOverV1, pushOverV2, tarOf } from '../../helpers/crossing-images';
import { pulledDigests } from '../../helpers/derived-chains';
import { createImage, pushImages, startPull } from '../../helpers/images';
import { call, makePrivate, reply } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { asUser, digestOf, imageOf, OCI_MANIFEST, pushBlob, pushManifest } from '../../helpers/v2-client';

/* tests/isolation asks every route as every caller; here are the ways around a repository. */

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'mallory']) await addUser(server, name);
  await pushImages(server, 'mallory/own', [createImage()], { user: 'mallory' });
});
afterAll(() => server.close());

const makePublic = (repository: string) =>
  asUser(server, 'put', `/v1/repositories/${repository}/properties`).send({ access: 'public' }).expect(200);

/** What mallory gets over v2. */
const status = async (path: string): Promise<number> => (await asUser(server, 'get', `/v2/${path}`, 'mallory')).status;

describe('a repository that becomes private, and public again', () => {
  it('takes the derived images with it, also from those who had a token before', async () => {
    const { config, diffIds } = await pushOverV2(server, 'alice/seen');
    const tokens = [await startPull(server, 'alice/seen', 'mallory'), await startPull(server, 'alice/seen')];
    const statuses = async (): Promise<number[]> => {
      const seen: number[] = [];
      for (const authorization of [...tokens, basic('mallory')]) {
        for (const id of [hex(config.digest), hex(diffIds[0]!)]) {
          for (const part of ['json', 'ancestry', 'layer']) {
            seen.push((await call(server, 'get', `/v1/images/${id}/${part}`, { authorization })).status);
          }
        }
      }
      return [...new Set(seen)];
    };
    expect(await statuses()).toEqual([200]);
    await makePrivate(server, 'alice/seen', 'alice');
    expect(await statuses()).toEqual([404]);
    await makePublic('alice/seen');
    expect(await statuses()).toEqual([200]);
  });

  it('takes the manifest, config and twin of an image of v1 with it', async () => {
    await pushOverV1(server, 'alice/viewed', [Buffer.alloc(0)]);
    const [manifest, ...blobs] = await pulledDigests(server, 'alice/viewed');
    const paths = ['manifests/latest', `manifests/${manifest}`, ...blobs.map((digest) => `blobs/${digest}`)];
    const statuses = () => Promise.all(paths.map((path) => status(`alice/viewed/${path}`)));
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    await makePrivate(server, 'alice/viewed', 'alice');
    expect(new Set(await statuses())).toEqual(new Set([await status('alice/nothing/manifests/latest')]));
    await makePublic('alice/viewed');
    expect(await statuses()).toEqual([200, 200, 200, 200]);
  });
});

describe('bytes that were computed for a private repository', () => {
  const NONE = digestOf('nothing');
  let digests: string[];
  beforeAll(async () => {
    await pushOverV1(server, 'alice/secret', [Buffer.alloc(0), gzipSync(tarOf('secret'))]);
    const [, ...blobs] = await pulledDigests(server, 'alice/secret');
    await makePrivate(server, 'alice/secret', 'alice');
    const { config } = await pushOverV2(server, 'alice/secret', { tag: 'v2' });
    digests = [...blobs, config.digest];
  });

  /** The same answer as about bytes that do not exist. */
  async function expectNothing(ask: (digest: string) => Promise<[number, string]>): Promise<void> {
    const [code, text] = await ask(NONE);
    for (const digest of digests) expect(await ask(digest)).toEqual([code, text.replaceAll(NONE, digest)]);
  }

  it('are not read through another repository, nor mounted from there', async () => {
    await expectNothing((digest) =>
      reply(call(server, 'get', `/v2/mallory/own/blobs/${digest}`, { authorization: basic('mallory') })),
    );
    for (const digest of digests) {
      for (const from of ['&from=alice/secret', '&from=mallory/own', '']) {
        await asUser(server, 'post', `/v2/mallory/own/blobs/uploads/?mount=${digest}${from}`, 'mallory').expect(202);
      }
      expect(await status(`mallory/own/blobs/${digest}`)).toBe(404);
    }
  });

  it('are not used by a manifest elsewhere', async () => {
    const config = await pushBlob(server, 'mallory/own', Buffer.from('{}'), { user: 'mallory' });
    await expectNothing((digest) => {
      const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: 1 };
      const body = JSON.stringify(imageOf({ mediaType: 'application/x.y', digest: config, size: 2 }, [layer]));
      const headers = { 'Content-Type': OCI_MANIFEST };
      const authorization = basic('mallory');
      return reply(call(server, 'put', '/v2/mallory/own/manifests/x', { authorization, headers, body }));
    });
  });

  it('do not become the layer of a derived image elsewhere, though a manifest may say that clients get it by a URL', async () => {
    const layers = digests.map((digest) => ({
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      digest,
      size: 1,
      urls: ['https://example.com/layer'],
    }));
    const text = JSON.stringify({ rootfs: { type: 'layers', diff_ids: digests } });
    const config = {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: await pushBlob(server, 'mallory/own', Buffer.from(text), { user: 'mallory' }),
      size: text.length,
    };
    await pushManifest(server, 'mallory/own', 'foreign', imageOf(config, layers), { user: 'mallory' });
    const { body } = await asUser(server, 'get', '/v1/repositories/mallory/own/tags', 'mallory').expect(200);
    expect(Object.keys(body as object)).toEqual(['latest']);
    const pull = await startPull(server, 'mallory/own', 'mallory');
    const answer = call(server, 'get', `/v1/images/${hex(config.digest)}/layer`, { authorization: pull });
    expect((await answer).status).toBe(404);
  });
});
