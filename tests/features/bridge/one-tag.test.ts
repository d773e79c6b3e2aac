import { gzipSync } from 'node:zlib';
import { hex, pushOverV1, pushOverV2, tarOf } from '../../helpers/crossing-images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { asText, asUser, digestOf } from '../../helpers/v2-client';

/* The table of bridge 10: one tag, two views. */

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

const v1Tag = async (name: string, tag = 'latest'): Promise<unknown> => {
  const { status, body } = await asUser(server, 'get', `/v1/repositories/alice/${name}/tags/${tag}`);
  return status === 200 ? body : status;
};
const v2Tag = async (name: string, reference = 'latest'): Promise<unknown> => {
  const { status, headers } = await asUser(server, 'head', `/v2/alice/${name}/manifests/${reference}`);
  return status === 200 ? headers['docker-content-digest'] : status;
};
const views = async (name: string, tag?: string): Promise<unknown[]> => [
  await v1Tag(name, tag),
  await v2Tag(name, tag),
];
const pushV1 = (name: string, text: string) => pushOverV1(server, `alice/${name}`, [gzipSync(tarOf(text))]);

describe('a tag', () => {
  it('that was pushed over v1 has the image, and the manifest of the image', async () => {
    const [image] = await pushV1('first', 'first');
    const { body } = await asUser(server, 'get', '/v2/alice/first/manifests/latest').buffer().parse(asText).expect(200);
    expect(await views('first')).toEqual([image!.id, digestOf(body as string)]);
  });

  it('that was pushed over v2 has the derived image, and the manifest', async () => {
    const { config, manifest } = await pushOverV2(server, 'alice/second');
    expect(await views('second')).toEqual([hex(config.digest), manifest.digest]);
  });

  it('has what was pushed last, over either protocol', async () => {
    const [old] = await pushV1('moved', 'old');
    const oldDigest = await v2Tag('moved');
    const { config, manifest } = await pushOverV2(server, 'alice/moved');
    expect(await views('moved')).toEqual([hex(config.digest), manifest.digest]);
    const [last] = await pushV1('moved', 'last');
    const [id, digest] = await views('moved');
    expect(id).toBe(last!.id);
    expect([oldDigest, manifest.digest]).not.toContain(digest);
    expect(await v2Tag('moved', String(oldDigest))).toBe(oldDigest);
    expect(await v2Tag('moved', manifest.digest)).toBe(manifest.digest);
    const events = await server.ctx
      .db('tag_events as e')
      .join('repositories as r', 'r.id', 'e.repository_id')
      .where('r.name', 'moved')
      .orderBy('e.id')
      .select('e.to_image_id', 'e.to_digest');
    expect(events).toEqual([
      { to_image_id: old!.id, to_digest: null },
      { to_image_id: hex(config.digest), to_digest: manifest.digest },
      { to_image_id: last!.id, to_digest: null },
    ]);
  });

  it.each(['v1', 'v2'])('that is deleted over %s is gone for both, and its manifest stays', async (protocol) => {
    const name = `deleted-${protocol}`;
    const { manifest } = await pushOverV2(server, `alice/${name}`);
    const path =
      protocol === 'v1' ? `/v1/repositories/alice/${name}/tags/latest` : `/v2/alice/${name}/manifests/latest`;
    await asUser(server, 'delete', path).expect(protocol === 'v1' ? 200 : 202);
    expect(await views(name)).toEqual([404, 404]);
    expect(await v2Tag(name, manifest.digest)).toBe(manifest.digest);
  });

  it('that was pushed over v1 is deleted over v2', async () => {
    await pushV1('removed', 'removed');
    await asUser(server, 'delete', '/v2/alice/removed/manifests/latest').expect(202);
    expect(await views('removed')).toEqual([404, 404]);
  });

  it('is gone for both when the manifest is deleted by digest', async () => {
    const { manifest } = await pushOverV2(server, 'alice/by-digest');
    await asUser(server, 'delete', `/v2/alice/by-digest/manifests/${manifest.digest}`).expect(202);
    expect(await views('by-digest')).toEqual([404, 404]);
    expect(await v2Tag('by-digest', manifest.digest)).toBe(404);
  });

  it('that is immutable is moved over neither protocol', async () => {
    const { config, manifest } = await pushOverV2(server, 'alice/fixed');
    await server.ctx
      .db('repositories')
      .where({ name: 'fixed' })
      .update({ immutable_tags: ['latest'] });
    await expect(pushV1('fixed', 'other')).rejects.toThrow('409');
    await expect(pushOverV2(server, 'alice/fixed')).rejects.toThrow('403');
    expect(await views('fixed')).toEqual([hex(config.digest), manifest.digest]);
  });
});
