import { randomBytes } from 'node:crypto';
import {
  asText,
  asUser,
  digestOf,
  imageOf,
  OCI_INDEX,
  OCI_MANIFEST,
  pushBlob,
  pushImage,
  pushManifest,
} from '../../helpers/v2-client';
import { recordStatements } from '../../helpers/statements';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

const manifest = (name: string, reference: string): string => `/v2/alice/${name}/manifests/${reference}`;

const put = (name: string, reference: string, body: string, type = OCI_MANIFEST): ReturnType<typeof asUser> =>
  asUser(server, 'put', manifest(name, reference)).set('Content-Type', type).send(body);

describe('a manifest', () => {
  it('is served by tag and by digest, byte for byte', async () => {
    const { config, layer } = await pushImage(server, 'alice/exact', 'first');
    const text = `${JSON.stringify(imageOf(config, [layer]), undefined, 7)}\n\n`;
    const pushed = await put('exact', 'latest', text).expect(201);
    const digest = digestOf(text);
    expect([pushed.headers['location'], pushed.headers['docker-content-digest']]).toEqual([
      manifest('exact', digest),
      digest,
    ]);
    for (const reference of ['latest', digest]) {
      const got = await asUser(server, 'get', manifest('exact', reference)).buffer().parse(asText).expect(200);
      expect(got.body).toBe(text);
      expect(got.headers).toMatchObject({
        'content-type': OCI_MANIFEST,
        'content-length': String(text.length),
        'docker-content-digest': digest,
        etag: `"${digest}"`,
      });
      const head = await asUser(server, 'head', manifest('exact', reference)).expect(200);
      expect(head.headers['content-length']).toBe(String(text.length));
    }
  });

  it.each(['get', 'head'] as const)('is read by %s in the query that asks for permission', async (method) => {
    const { manifest: pushed } = await pushImage(server, 'alice/quick', 'latest');
    for (const reference of ['latest', pushed.digest]) {
      const read = async (): Promise<unknown> => asUser(server, method, manifest('quick', reference)).expect(200);
      await read();
      const { statements } = await recordStatements(server.ctx.db, read);
      expect(statements).toHaveLength(1);
    }
  });

  it('of an index is replaced by the child for linux and amd64 when a client cannot read an index', async () => {
    const { manifest: amd64 } = await pushImage(server, 'alice/multi', 'amd64');
    const { manifest: arm64 } = await pushImage(server, 'alice/multi', 'arm64');
    const manifests = [
      { ...arm64, platform: { os: 'linux', architecture: 'arm64' } },
      { ...amd64, platform: { os: 'linux', architecture: 'amd64' } },
    ];
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
    const { digest } = await pushManifest(server, 'alice/multi', 'latest', index, { type: OCI_INDEX });
    const digestFor = async (reference: string, accept?: string): Promise<string> => {
      const test = asUser(server, 'get', manifest('multi', reference));
      const { headers } = await (accept === undefined ? test : test.set('Accept', accept)).expect(200);
      return String(headers['docker-content-digest']);
    };
    expect(await digestFor('latest')).toBe(digest);
    expect(await digestFor('latest', `${OCI_INDEX}, */*`)).toBe(digest);
    expect(await digestFor('latest', `${OCI_MANIFEST}, ${OCI_INDEX};q=0.5`)).toBe(digest);
    expect(await digestFor('latest', OCI_MANIFEST)).toBe(amd64.digest);
    expect(await digestFor(digest, OCI_MANIFEST)).toBe(digest);
  });

  it('moves a tag, and stays reachable by digest', async () => {
    const { manifest: first } = await pushImage(server, 'alice/moved', 'latest');
    const { manifest: second } = await pushImage(server, 'alice/moved', 'latest');
    const { headers } = await asUser(server, 'head', manifest('moved', 'latest')).expect(200);
    expect(headers['docker-content-digest']).toBe(second.digest);
    await asUser(server, 'head', manifest('moved', first.digest)).expect(200);
    const events = await server.ctx
      .db('tag_events as e')
      .join('repositories as r', 'r.id', 'e.repository_id')
      .where('r.name', 'moved')
      .orderBy('e.id')
      .select('e.from_digest', 'e.to_digest');
    expect(events).toEqual([
      { from_digest: null, to_digest: first.digest },
      { from_digest: first.digest, to_digest: second.digest },
    ]);
  });

  it('does not move an immutable tag, and may be pushed to it again', async () => {
    const { config, layer, manifest: first } = await pushImage(server, 'alice/immutable', 'v1');
    await server.ctx
      .db('repositories')
      .where({ name: 'immutable' })
      .update({ immutable_tags: ['v*'] });
    await pushManifest(server, 'alice/immutable', 'v1', imageOf(config, [layer]));
    const { body } = await put(
      'immutable',
      'v1',
      JSON.stringify(imageOf(config, [layer], { annotations: { a: 'b' } })),
    ).expect(403);
    expect(body.errors[0]).toMatchObject({ code: 'DENIED', message: expect.stringContaining('immutable') });
    for (const reference of ['v1', first.digest]) {
      await asUser(server, 'delete', manifest('immutable', reference)).expect(403);
    }
  });

  it('is deleted by tag alone, or by digest with all its tags', async () => {
    const { manifest: pushed, config, layer } = await pushImage(server, 'alice/deleted', 'one');
    await pushManifest(server, 'alice/deleted', 'two', imageOf(config, [layer]));
    await asUser(server, 'delete', manifest('deleted', 'one')).expect(202);
    await asUser(server, 'head', manifest('deleted', 'one')).expect(404);
    await asUser(server, 'head', manifest('deleted', 'two')).expect(200);
    await asUser(server, 'delete', manifest('deleted', pushed.digest)).expect(202);
    for (const reference of ['two', pushed.digest]) {
      const { body } = await asUser(server, 'get', manifest('deleted', reference)).expect(404);
      expect(body.errors[0].code).toBe('MANIFEST_UNKNOWN');
      await asUser(server, 'delete', manifest('deleted', reference)).expect(404);
    }
  });

  it('notifies webhooks with its digest', async () => {
    const { manifest: pushed } = await pushImage(server, 'alice/hooked', 'latest');
    const [row] = await server.ctx
      .db('push_tellings as p')
      .join('repositories as r', 'r.id', 'p.repository_id')
      .where('r.name', 'hooked')
      .select('p.push');
    expect(row.push).toMatchObject({ tag: 'latest', digest: pushed.digest, pusher: 'alice' });
  });
});

describe('a manifest that is refused', () => {
  let image: Awaited<ReturnType<typeof pushImage>>;
  beforeAll(async () => {
    image = await pushImage(server, 'alice/refused', 'latest');
  });

  const bad = (): Record<
    string,
    readonly [status: number, code: string, body: string, type?: string, reference?: string]
  > => {
    const { config, layer } = image;
    const missing = { ...layer, digest: digestOf('missing') };
    return {
      'that is not JSON': [400, 'MANIFEST_INVALID', '{'],
      'that is not an object': [400, 'MANIFEST_INVALID', '[]'],
      'of schema 1': [400, 'MANIFEST_INVALID', '{}', 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
      'of an unknown type': [400, 'MANIFEST_INVALID', '{}', 'application/json'],
      'whose type differs from the header': [400, 'MANIFEST_INVALID', JSON.stringify(imageOf(config, [])), OCI_INDEX],
      'without a config': [400, 'MANIFEST_INVALID', JSON.stringify({ schemaVersion: 2, layers: [layer] })],
      'with a bad digest': [
        400,
        'MANIFEST_INVALID',
        JSON.stringify(imageOf(config, [{ ...layer, digest: 'sha256:1' }])),
      ],
      'with a missing layer': [400, 'MANIFEST_BLOB_UNKNOWN', JSON.stringify(imageOf(config, [missing]))],
      'with a wrong size': [400, 'MANIFEST_INVALID', JSON.stringify(imageOf(config, [{ ...layer, size: 1 }]))],
      'with a missing child': [
        400,
        'MANIFEST_BLOB_UNKNOWN',
        JSON.stringify({ schemaVersion: 2, manifests: [{ ...missing, mediaType: OCI_MANIFEST }] }),
        OCI_INDEX,
      ],
      'under a digest that is not its own': [
        400,
        'DIGEST_INVALID',
        JSON.stringify(imageOf(config, [])),
        OCI_MANIFEST,
        digestOf('x'),
      ],
      'under a tag that cannot be one': [400, 'TAG_INVALID', JSON.stringify(imageOf(config, [])), OCI_MANIFEST, '.tag'],
      'that is too large': [
        413,
        'SIZE_INVALID',
        JSON.stringify(imageOf(config, [], { annotations: { a: 'x'.repeat(5_000_000) } })),
      ],
    };
  };

  it.each([
    'that is not JSON',
    'that is not an object',
    'of schema 1',
    'of an unknown type',
    'whose type differs from the header',
    'without a config',
    'with a bad digest',
    'with a missing layer',
    'with a wrong size',
    'with a missing child',
    'under a digest that is not its own',
    'under a tag that cannot be one',
    'that is too large',
  ])('is one %s', async (kind) => {
    const [status, code, text, type, reference = 'latest'] = bad()[kind]!;
    const answer = await put('refused', reference, text, type);
    expect([answer.status, answer.body.errors[0].code]).toEqual([status, code]);
    const { headers } = await asUser(server, 'head', manifest('refused', 'latest')).expect(200);
    expect(headers['docker-content-digest']).toBe(image.manifest.digest);
  });

  it('is one that uses a blob of another repository, until the blob is mounted', async () => {
    await pushBlob(server, 'alice/elsewhere', randomBytes(8));
    const { config, layer } = image;
    const { body } = await put('elsewhere', 'latest', JSON.stringify(imageOf(config, [layer]))).expect(400);
    expect(body.errors[0]).toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
      detail: { digests: [config.digest, layer.digest] },
    });
  });

  it('has an error of bounded length, however many blobs are missing', async () => {
    const { config, layer } = image;
    const layers = Array.from({ length: 3000 }, (_, index) => ({ ...layer, digest: digestOf(String(index)) }));
    const { body } = await put('refused', 'latest', JSON.stringify(imageOf(config, layers))).expect(400);
    expect(body.errors[0].detail.digests).toHaveLength(100);
  });
});
