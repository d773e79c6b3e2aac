import { randomBytes } from 'node:crypto';
import type { RepositoryName } from '../../../../src/features/access/actor';
import { Browsing, browseAs } from '../../../helpers/browse';
import { digestOf } from '../../../../src/platform/bytes/digest';
import { ManifestPusher, OCI_INDEX, OCI_MANIFEST } from '../../../helpers/manifests';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';

const APP: RepositoryName = { namespace: 'alice', name: 'app' };
const ROOT = '/r/alice/app/';
const SIGNATURE = 'application/vnd.dev.cosign.artifact.sig.v1+json';

const CONFIG = {
  os: 'linux',
  architecture: 'amd64',
  created: '2026-01-02T03:04:05Z',
  config: {
    Entrypoint: ['/bin/app'],
    Cmd: ['serve'],
    Env: ['GREETING=<b>hi</b>'],
    ExposedPorts: { '8080/tcp': {} },
    Volumes: { '/data': {} },
    WorkingDir: '/srv',
    User: 'nobody',
    Labels: { team: '<i>web</i>' },
  },
  history: [{ created_by: 'ADD base.tar /' }, { created_by: 'ENV GREETING=hi', empty_layer: true }],
};

let server: TestServer;
let pusher: ManifestPusher;
let owner: Browsing;
let anonymous: Browsing;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  pusher = await ManifestPusher.to(server, APP);
  owner = await browseAs(server, 'alice');
  anonymous = new Browsing(server.server);
});
afterAll(() => server.close());

const pageOf = async (path: string): Promise<string> => {
  const { status, html } = await anonymous.get(ROOT + path);
  expect([path, status]).toEqual([path, 200]);
  return html;
};

describe('the page of a tag that was pushed over v2', () => {
  it('shows how to pull it, its configuration and its history', async () => {
    const { digest } = await pusher.image(CONFIG, { tag: 'v1' });
    const html = await pageOf('tags/v1/');
    expect(html).toContain(`docker pull ${server.host}/alice/app:v1<`);
    expect(html).toContain(`docker pull ${server.host}/alice/app@${digest}<`);
    expect(html).toContain(`data-copy="${digest}"`);
    for (const text of ['linux/amd64', '[&quot;/bin/app&quot;]', '8080/tcp', '/data', '/srv', 'nobody']) {
      expect(html).toContain(text);
    }
    expect(html).toContain('GREETING=&lt;b&gt;hi&lt;/b&gt;');
    expect(html).toContain('team=&lt;i&gt;web&lt;/i&gt;');
    expect(html).toContain('ADD base.tar /');
    expect(html).toMatch(
      /no layer<\/span><\/td><td data-th="Created by" class="wide"><code class="command">ENV GREETING=hi/,
    );
    expect(html).toContain('skopeo 1.22.0');
  });

  it('has the page of its digest as well, which says which tags point to it', async () => {
    const { digest } = await pusher.image(CONFIG, { tag: 'v1' });
    const html = await pageOf(`manifests/${digest}/`);
    expect(html).toContain(`docker pull ${server.host}/alice/app@${digest}<`);
    expect(html).toContain('<a href="/r/alice/app/tags/v1/">v1</a>');
  });

  it('is in the list of tags, and can be copied and deleted', async () => {
    const { digest } = await pusher.image(CONFIG, { tag: 'goes' });
    expect(await pageOf('tags/')).toContain('OCI image');
    const { html } = await owner.get(`${ROOT}tags/goes/`);
    expect(html).toContain('/tags/goes/delete/');
    expect(html).toContain('/tags/goes/copy/');
    await ManifestPusher.to(server, { namespace: 'alice', name: 'target' });
    const fields = { target: 'alice/target', tag: 'copy' };
    expect((await owner.send(`${ROOT}tags/goes/copy/`, fields)).status).toBe(303);
    expect((await anonymous.get('/r/alice/target/tags/copy/')).html).toContain(digest);
    expect((await owner.get(`${ROOT}tags/goes/delete/`)).html).toContain('pulled by digest');
    expect((await owner.send(`${ROOT}tags/goes/delete/`, {})).status).toBe(303);
    expect((await anonymous.get(`${ROOT}tags/goes/`)).status).toBe(404);
  });
});

describe('the page of an index', () => {
  it('links its platforms, its attestations and what is attached to it', async () => {
    const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' };
    const child = { ...(await pusher.image({ ...platform })), platform };
    const attestation = {
      ...(await pusher.image({}, { layers: [Buffer.from('{}')] })),
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': child.digest,
      },
    };
    const index = await pusher.manifest(OCI_INDEX, { manifests: [attestation, child] }, { tag: 'multi' });
    const signature = await pusher.image({}, { document: { subject: index, artifactType: SIGNATURE } });
    const html = await pageOf('tags/multi/');
    expect(html).toContain('OCI index');
    for (const { digest } of [child, attestation, signature])
      expect(html).toContain(`href="${ROOT}manifests/${digest}/"`);
    expect(html).toMatch(/linux\/arm64\/v8<\/th>[\s\S]*attestation of linux\/arm64\/v8<\/th>/);
    expect(html).toContain(SIGNATURE);
    const attached = await pageOf(`manifests/${signature.digest}/`);
    expect(attached).toContain(`oras pull ${server.host}/alice/app@${signature.digest}<`);
    expect(attached).toMatch(
      new RegExp(`Attached to</dt><dd><a class="mono" href="${ROOT}manifests/${index.digest}/"`),
    );
  });

  it('shows a signature that cosign attached by a tag', async () => {
    const image = await pusher.image({ note: 'signed by tag' }, { tag: 'signed' });
    const signature = await pusher.image({}, { tag: `${image.digest.replace(':', '-')}.sig` });
    expect(await pageOf('tags/signed/')).toContain(`href="${ROOT}manifests/${signature.digest}/"`);
  });
});

it('the overview of a repository names a tag that can be pulled, and what it needs', async () => {
  const name = { namespace: 'alice', name: 'newer' };
  const newer = await ManifestPusher.to(server, name);
  const config = await newer.blob(Buffer.from('{}'), 'application/vnd.cncf.helm.config.v1+json');
  await newer.manifest(OCI_MANIFEST, { config, layers: [] }, { tag: 'chart' });
  const pull = async (): Promise<string> => (await anonymous.get('/r/alice/newer/')).html;
  expect(await pull()).toContain(`oras pull ${server.host}/alice/newer:chart<`);
  await newer.image(CONFIG, { tag: '2.0' });
  expect(await pull()).toContain(`docker pull ${server.host}/alice/newer:2.0<`);
  expect(await pull()).toContain('needs a client of today');
  await newer.image(CONFIG, { tag: 'latest' });
  expect(await pull()).toContain(`docker pull ${server.host}/alice/newer<`);
  expect(await pull()).toMatch(/Tags<\/dt><dd title="3">3</);
});

it('the tag history links manifests by their short digests, and restores them', async () => {
  const first = await pusher.image({ note: 'first' }, { tag: 'moving' });
  const second = await pusher.image({ note: 'second' }, { tag: 'moving' });
  const { html } = await owner.get(`${ROOT}history/?tag=moving`);
  for (const { digest } of [first, second]) {
    const short = digest.slice(7, 19);
    expect(html).toContain(`href="${ROOT}manifests/${digest}/" title="${digest}">${short}</a>`);
  }
  expect(html).toContain(`Undo: set moving to ${first.digest.slice(7, 19)}`);
  const event = /name="event" value="(\d+)"/.exec(html)?.[1] ?? '';
  const from = `${ROOT}history/?tag=moving`;
  const { status } = await owner.send(`${ROOT}history/restore/`, { event, side: 'before' }, from);
  expect(status).toBe(303);
  expect((await owner.get(`${ROOT}history/`)).html).toContain(
    `The tag moving now points to ${first.digest.slice(7, 19)}.`,
  );
  expect(await pageOf('tags/moving/')).toContain(`data-copy="${first.digest}"`);
});

describe('a hostile manifest', () => {
  it.each([
    ['is not JSON', Buffer.from('no json')],
    ['is a list', Buffer.from('[]')],
    ['has other shapes', Buffer.from('{"config":[],"history":{"a":1},"created":7,"os":{},"architecture":"\\u0000"}')],
    ['has a long history', Buffer.from(JSON.stringify({ history: Array.from({ length: 9000 }, () => ({})) }))],
    [
      'has long texts',
      Buffer.from(JSON.stringify({ config: { Env: Array.from({ length: 999 }, () => '<'.repeat(9999)) } })),
    ],
    ['is larger than is read', Buffer.alloc(17 * 1024 * 1024, '{')],
    ['is deep', Buffer.from('['.repeat(100_000))],
  ])('whose config %s has a page', async (_what, config) => {
    await pusher.image(config, { tag: 'hostile', layers: [randomBytes(10)] });
    const html = await pageOf('tags/hostile/');
    expect(html.length).toBeLessThan(200_000);
    expect(html).toContain('Command unknown');
  });

  it('shows no markup of its type, titles and annotations', async () => {
    const bad = '"><script>alert(1)</script>';
    const annotations = { [bad]: bad, 'org.opencontainers.image.title': bad };
    const file = { ...(await pusher.blob(Buffer.from('x'), bad)), annotations };
    const config = await pusher.blob(Buffer.from('{}'), bad);
    await pusher.manifest(OCI_MANIFEST, { config, layers: [file], annotations, artifactType: bad }, { tag: 'bad' });
    for (const path of ['tags/bad/', 'tags/']) {
      const html = await pageOf(path);
      expect(html).toContain('&lt;script&gt;');
      expect(html).not.toContain('<script>alert');
    }
  });

  it('whose config is lost has a page', async () => {
    const config = Buffer.from(JSON.stringify({ os: 'linux', note: randomBytes(8).toString('hex') }));
    await pusher.image(config, { tag: 'lost' });
    const blob = await server.ctx
      .db('blobs')
      .where({ digest: digestOf(config) })
      .first('storage_key');
    await server.ctx.blobs.delete([String(blob.storage_key)]);
    expect(await pageOf('tags/lost/')).toContain('OCI image');
  });
});

it.each([`sha256:${'0'.repeat(64)}`, 'latest', 'v1', 'sha256:x', 'md5:abc', '%00', 'a%2Fb'])(
  'a manifest that does not exist is not found: %s',
  async (digest) => {
    expect((await anonymous.get(`${ROOT}manifests/${digest}/`)).status).toBe(404);
  },
);
