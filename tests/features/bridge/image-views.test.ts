import { gunzipSync, gzipSync } from 'node:zlib';
import { OPERATOR } from '../../../src/features/audit/audit';
import { collectGarbage } from '../../../src/features/images/gc';
import { asText, asUser, digestOf } from '../../helpers/v2-client';
import { pushOverV1, tarOf } from '../../helpers/crossing-images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

const tar = tarOf;
const pushV1 = (name: string, layers: readonly Buffer[]) => pushOverV1(server, `alice/${name}`, layers);

const manifestOf = (name: string, reference = 'latest') =>
  asUser(server, 'get', `/v2/alice/${name}/manifests/${reference}`);

/** The manifest as text, with its headers. */
async function textOf(name: string, reference = 'latest'): Promise<{ headers: Record<string, string>; text: string }> {
  const { headers, body } = await manifestOf(name, reference).buffer().parse(asText).expect(200);
  return { headers: headers, text: body as string };
}

interface Manifest {
  readonly config: { readonly digest: string; readonly size: number };
  readonly layers: readonly { readonly mediaType: string; readonly digest: string; readonly size: number }[];
}

describe('an image that was pushed over v1', () => {
  it('is pulled over v2 with the same layers and a config of docker', async () => {
    const layers = [gzipSync(tar('base')), tar('plain')];
    await pushV1('crossing', layers);
    const { headers, text } = await textOf('crossing');
    const manifest = JSON.parse(text) as Manifest;
    expect(headers['content-type']).toBe('application/vnd.docker.distribution.manifest.v2+json');
    expect(headers['docker-content-digest']).toBe(digestOf(text));
    expect(manifest.layers).toEqual([
      {
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        size: layers[0]!.length,
        digest: digestOf(layers[0]!),
      },
      {
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar',
        size: layers[1]!.length,
        digest: digestOf(layers[1]!),
      },
    ]);
    const config = await asUser(server, 'get', `/v2/alice/crossing/blobs/${manifest.config.digest}`).expect(200);
    expect(JSON.parse(String(config.body))).toMatchObject({
      rootfs: { type: 'layers', diff_ids: [digestOf(tar('base')), digestOf(tar('plain'))] },
    });
    await asUser(server, 'head', `/v2/alice/crossing/blobs/${manifest.layers[0]!.digest}`).expect(200);
    const again = await manifestOf('crossing').expect(200);
    expect(again.headers['docker-content-digest']).toBe(headers['docker-content-digest']);
    await manifestOf('crossing', String(headers['docker-content-digest'])).expect(200);
    const { body } = await asUser(server, 'get', '/v2/alice/crossing/tags/list').expect(200);
    expect(body.tags).toEqual(['latest']);
  });

  it('gets a copy of an empty layer in gzip, which v1 never sees', async () => {
    const [image] = await pushV1('twin', [Buffer.alloc(0)]);
    const [layer] = (JSON.parse((await textOf('twin')).text) as Manifest).layers;
    expect(layer!.mediaType).toBe('application/vnd.docker.image.rootfs.diff.tar.gzip');
    const { body } = await asUser(server, 'get', `/v2/alice/twin/blobs/${layer!.digest}`).expect(200);
    expect([gunzipSync(body as Buffer).length, (body as Buffer).length]).toEqual([0, layer!.size]);
    const v1 = await asUser(server, 'get', `/v1/images/${image!.id}/layer`)
      .set('User-Agent', 'docker/17.05')
      .expect(200);
    expect(v1.headers['content-length']).toBe('0');
  });

  it('is hidden when a layer cannot be read, with the reason', async () => {
    await pushV1('broken', [gzipSync(tar('base')), gzipSync(tar('cut')).subarray(0, 20)]);
    for (let turn = 0; turn < 2; turn += 1) {
      const { body } = await manifestOf('broken').expect(404);
      expect(body.errors[0]).toMatchObject({ code: 'MANIFEST_UNKNOWN', detail: { problem: 'damaged gzip data' } });
    }
    const { body } = await asUser(server, 'get', '/v2/alice/broken/tags/list').expect(200);
    expect(body.tags).toEqual([]);
  });

  it('stays the image of v1 when its manifest is pushed back', async () => {
    const [image] = await pushV1('back', [gzipSync(tar('back'))]);
    const { text, headers } = await textOf('back');
    for (const tag of ['latest', 'copy']) {
      await asUser(server, 'put', `/v2/alice/back/manifests/${tag}`)
        .set('Content-Type', headers['content-type']!)
        .send(text)
        .expect(201);
    }
    const { body } = await asUser(server, 'get', '/v1/repositories/alice/back/tags').expect(200);
    expect(body).toEqual({ latest: image!.id, copy: image!.id });
    expect((await textOf('back', 'copy')).text).toBe(text);
  });

  it('stays what it is for v1 clients when it comes back in another manifest, as podman writes it', async () => {
    const [image] = await pushV1('reworded', [gzipSync(tar('reworded'))]);
    const { text, headers } = await textOf('reworded');
    const reworded = JSON.stringify(JSON.parse(text));
    await asUser(server, 'put', '/v2/alice/reworded/manifests/latest')
      .set('Content-Type', headers['content-type']!)
      .send(reworded)
      .expect(201);
    expect((await textOf('reworded')).text).toBe(reworded);
    const { body } = await asUser(server, 'get', '/v1/repositories/alice/reworded/tags').expect(200);
    expect(body).toEqual({ latest: image!.id });
    await asUser(server, 'put', '/v1/repositories/alice/reworded/tags/latest')
      .send(JSON.stringify(image!.id))
      .expect(200);
    expect((await textOf('reworded')).text).toBe(reworded);
  });

  it('is deleted with all its tags by the digest of its manifest', async () => {
    await pushV1('gone', [gzipSync(tar('gone'))]);
    const { headers } = await textOf('gone');
    const digest = headers['docker-content-digest']!;
    await asUser(server, 'delete', `/v2/alice/gone/manifests/${digest}`).expect(202);
    await asUser(server, 'get', '/v1/repositories/alice/gone/tags/latest').expect(404);
    await manifestOf('gone', digest).expect(404);
  });

  it('may be in two repositories that share the bytes, and each answers for itself', async () => {
    const layer = gzipSync(tar('shared'));
    await pushV1('one', [layer]);
    await pushV1('two', [layer]);
    const { headers } = await textOf('one');
    await manifestOf('two', headers['docker-content-digest']).expect(404);
    await asUser(server, 'head', `/v2/alice/two/blobs/${digestOf(layer)}`).expect(200);
  });
});

describe('the garbage collection', () => {
  it('keeps the manifest of an image while the repository has the image', async () => {
    const [image] = await pushV1('kept', [gzipSync(tar('kept'))]);
    const { headers } = await textOf('kept');
    const digest = headers['docker-content-digest']!;
    await server.ctx.db('manifests').update({ tagged_at: '2020-01-01' });
    await server.ctx.db('repository_images').where({ image_id: image!.id }).update({ announced_at: '2020-01-01' });
    await server.ctx.db('pushes').update({ seen_at: '2020-01-01' });
    const options = { olderThanMs: 1000, dryRun: false, doer: OPERATOR };
    await collectGarbage(server.ctx, options);
    await manifestOf('kept', digest).expect(200);
    await asUser(server, 'delete', '/v1/repositories/alice/kept/tags/latest').expect(200);
    await collectGarbage(server.ctx, options);
    await manifestOf('kept', digest).expect(404);
  });
});
