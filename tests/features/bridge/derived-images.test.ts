import { createHash } from 'node:crypto';
import { deriveMissing } from '../../../src/features/bridge/pending-images';
import { pushImages, createImage, startPull } from '../../helpers/images';
import { hex, pushOverV2 } from '../../helpers/crossing-images';
import { DAMAGES } from '../../helpers/damage';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import {
  asUser,
  digestOf,
  imageOf,
  OCI_INDEX,
  OCI_MANIFEST,
  pushManifest,
  type Described,
} from '../../helpers/v2-client';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'bob');
});
afterAll(() => server.close());

const pushV2 = (name: string, options?: Parameters<typeof pushOverV2>[2]) => pushOverV2(server, name, options);

const tagsOf = async (name: string): Promise<Record<string, string>> =>
  (await asUser(server, 'get', `/v1/repositories/${name}/tags`).expect(200)).body as Record<string, string>;

const problemOf = async ({ digest }: Described): Promise<string | null> => {
  const row: { v1_problem: string | null } = await server.ctx.db('manifests').where({ digest }).first('v1_problem');
  return row.v1_problem;
};

describe('an image that was pushed over v2', () => {
  it('is pulled over v1 with the ids of docker 17.05 and the same layers', async () => {
    const { config, layers, diffIds } = await pushV2('alice/derived');
    const base = hex(diffIds[0]!);
    const top = hex(config.digest);
    expect(await tagsOf('alice/derived')).toEqual({ latest: top });
    const Authorization = await startPull(server, 'alice/derived', 'alice');
    const get = (path: string) => asUser(server, 'get', `/v1/images/${path}`, '').set('Authorization', Authorization);
    expect((await get(`${top}/ancestry`).expect(200)).body).toEqual([top, base]);
    const json = await get(`${top}/json`).expect(200);
    expect(json.body).toEqual({
      id: top,
      parent: base,
      created: '2026-01-02T03:04:05.123456789+02:00',
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['sh'], Env: ['A=b'] },
    });
    expect(json.headers).not.toHaveProperty('x-docker-checksum');
    expect((await get(`${base}/json`).expect(200)).body).toEqual({
      id: base,
      created: '2026-01-01T00:00:00Z',
      container_config: { Cmd: ['ADD base /'] },
      architecture: 'amd64',
      os: 'linux',
    });
    const layer = await get(`${top}/layer`).expect(200);
    expect(digestOf(layer.body as Buffer)).toBe(layers[1]!.digest);
  });

  it('has the ChainID as the id of an ancestor that is not the base', async () => {
    const { diffIds } = await pushV2('alice/three', { layers: 3 });
    const chainId = createHash('sha256').update(`${diffIds[0]!} ${diffIds[1]!}`).digest('hex');
    const { body } = await asUser(server, 'get', '/v1/repositories/alice/three/images').expect(200);
    expect((body as { id: string }[]).map(({ id }) => id)).toContain(chainId);
  });

  it('is the image for linux on amd64 of an index', async () => {
    const arm = await pushV2('alice/index', { tag: 'arm' });
    const amd = await pushV2('alice/index', { tag: 'amd' });
    const manifests = [
      { ...arm.manifest, platform: { os: 'linux', architecture: 'arm64' } },
      { ...amd.manifest, platform: { os: 'linux', architecture: 'amd64' } },
    ];
    await pushManifest(server, 'alice/index', 'latest', { schemaVersion: 2, manifests }, { type: OCI_INDEX });
    expect((await tagsOf('alice/index'))['latest']).toBe(hex(amd.config.digest));
  });

  it.each([
    ['a config of something else', 'it is not an image', { config: { rootfs: undefined } }],
    [
      'encrypted layers',
      'its layers are not archives, or are encrypted',
      { type: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' },
    ],
    [
      'foreign layers',
      'some of its layers are foreign, from another server',
      { type: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' },
    ],
    [
      'a config that lists other layers',
      'its config does not list its layers',
      { config: { rootfs: { type: 'layers', diff_ids: [] } } },
    ],
  ])('does not exist for v1 if it has %s, and says why', async (_kind, problem, options) => {
    const name = `alice/hidden${problem.length}`;
    const { manifest } = await pushV2(name, options);
    expect(await tagsOf(name)).toEqual({});
    await asUser(server, 'get', `/v1/repositories/${name}/tags/latest`).expect(404);
    expect(await problemOf(manifest)).toBe(problem);
    await asUser(server, 'get', `/v2/${name}/manifests/latest`).expect(200);
  });

  it('keeps its manifest when an engine pushes the same image back over v1', async () => {
    const { config, manifest } = await pushV2('alice/back');
    await server.ctx
      .db('repositories')
      .where({ name: 'back' })
      .update({ immutable_tags: ['*'] });
    for (const tag of ['latest', 'copy']) {
      await asUser(server, 'put', `/v1/repositories/alice/back/tags/${tag}`)
        .set('Content-Type', 'application/json')
        .send(JSON.stringify(hex(config.digest)))
        .expect(200);
      const { headers } = await asUser(server, 'head', `/v2/alice/back/manifests/${tag}`).expect(200);
      expect(headers['docker-content-digest']).toBe(manifest.digest);
    }
  });

  it('is hidden from v1 if the repository has another image under its id', async () => {
    const { config, manifest, layers } = await pushV2('alice/source');
    const image = createImage({ id: hex(config.digest) });
    await pushImages(server, 'bob/taken', [image], { user: 'bob', tag: 'v1' });
    for (const { digest } of [config, ...layers]) {
      await asUser(server, 'post', `/v2/bob/taken/blobs/uploads/?mount=${digest}&from=alice/source`, 'bob').expect(201);
    }
    expect(await pushManifest(server, 'bob/taken', 'v2', imageOf(config, layers), { user: 'bob' })).toEqual(manifest);
    expect(await tagsOf('bob/taken')).toEqual({ v1: image.id });
    expect(await tagsOf('alice/source')).toEqual({ latest: image.id });
  });

  it('is refused while the bytes of its config are lost, as a reader of them is', async () => {
    const { config, layers } = await pushV2('alice/lost');
    const answer = await asUser(server, 'get', `/v2/alice/lost/blobs/${config.digest}`).expect(200);
    const lost = createImage({ layer: answer.body as Buffer });
    await DAMAGES.missing({ db: server.ctx.db, blobDir: server.blobDir }, lost);
    const { body } = await asUser(server, 'put', '/v2/alice/lost/manifests/again')
      .set('Content-Type', OCI_MANIFEST)
      .send(JSON.stringify(imageOf(config, layers)))
      .expect(503);
    expect(body.errors[0].message).toMatch(/damaged/);
  });

  it('gets its image later when its tag was restored', async () => {
    const { config } = await pushV2('alice/later');
    await pushV2('alice/later');
    const before = await tagsOf('alice/later');
    const root = '/api/v1.1/repositories/alice/later/tag-history/';
    const { body } = await asUser(server, 'get', root).expect(200);
    const first = (body.results as { id: number; from: string | null }[]).find(({ from }) => from === null);
    await asUser(server, 'post', `${root}${first!.id}/restore/`).send({ side: 'after' }).expect(200);
    expect(await deriveMissing(server.ctx, AbortSignal.timeout(60_000))).toBe(1);
    expect([before, await tagsOf('alice/later')]).toEqual([
      { latest: expect.not.stringMatching(hex(config.digest)) },
      { latest: hex(config.digest) },
    ]);
  });
});
