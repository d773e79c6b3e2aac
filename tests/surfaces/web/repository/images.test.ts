import { gzipSync } from 'node:zlib';
import { digestOf } from '../../../../src/platform/bytes/digest';
import { Browsing, browseAs } from '../../../helpers/browse';
import { createChain, createImage, payloadOf, pushImages, startPull, type TestImage } from '../../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';
import { packTar, type PackEntry } from '../../../features/images/tar/pack-tar';

let server: TestServer;
let owner: Browsing;
let anonymous: Browsing;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  owner = await browseAs(server, 'alice');
  anonymous = new Browsing(server.server);
});
afterAll(() => server.close());

const layerOf = (...entries: PackEntry[]) => gzipSync(packTar(...entries));

/** An image with a json that has these fields. */
function imageWith(facts: Record<string, unknown>, parent?: TestImage): TestImage {
  const image = createImage(parent === undefined ? {} : { parent: parent.id });
  const json = Buffer.from(JSON.stringify({ ...(JSON.parse(image.json.toString()) as object), ...facts }));
  return { ...image, json, payload: payloadOf(json, image.layer) };
}

describe('the commands that created the layers', () => {
  it('are shown in the words of a Dockerfile, and escaped', async () => {
    const base = imageWith({
      created: '2014-06-09T12:00:00Z',
      author: 'A <me@example.com>',
      container_config: { Cmd: ['/bin/sh', '-c', '#(nop) ADD file:ab in /'] },
    });
    const top = imageWith({ container_config: { Cmd: ['/bin/sh', '-c', 'echo "<script>" && true'] } }, base);
    await pushImages(server, 'alice/made', [base, top]);
    const { html } = await anonymous.get('/r/alice/made/tags/latest/');
    expect(html).toContain('<code class="command">ADD file:ab in /</code>');
    expect(html).toContain('by A &lt;me@example.com&gt;');
    expect(html).toContain('RUN echo &quot;&lt;script&gt;&quot; &amp;&amp; true</code>');
    expect(html).toContain('<time datetime="2014-06-09T12:00:00.000Z"');
    expect(html.indexOf('RUN echo')).toBeLessThan(html.lastIndexOf('ADD file'));
  });

  it.each([
    { created: 'yesterday', author: { a: 1 }, comment: ['x'], container_config: 'none', config: null },
    {
      created: '9999-99-99T99:99:99Z',
      author: '\u0000\u001b[31m',
      container_config: { Cmd: [1, null, {}] },
      config: [],
    },
    { created: -1, container_config: { Cmd: { length: 1e9 } }, docker_version: '<svg onload=alert(1)>' },
    { created: '2014-06-09T12:00:00Z', author: '"><img src=x onerror=alert(1)>', config: { Env: '__proto__' } },
  ])('may be nonsense, and the page is still shown', async (facts) => {
    const image = imageWith(facts);
    await pushImages(server, 'alice/nonsense', [image]);
    for (const rest of [`images/${image.id}/`, 'tags/latest/', 'tree/']) {
      const { status, html } = await anonymous.get(`/r/alice/nonsense/${rest}`);
      expect([rest, status]).toEqual([rest, 200]);
      expect(html).not.toMatch(/<svg onload|<img/);
      expect(html).not.toContain('\u001b');
    }
  });

  it('fit on a page, even for the longest chain with the longest commands', async () => {
    const chain: TestImage[] = [];
    for (let index = 0; index < 127; index += 1) {
      const facts = {
        comment: '"'.repeat(900),
        author: '<'.repeat(200),
        container_config: { Cmd: ['/bin/sh', '-c', `"&"`.repeat(1300)] },
      };
      chain.push(imageWith(facts, chain.at(-1)));
    }
    await pushImages(server, 'alice/deep', chain);
    const first = await anonymous.get('/r/alice/deep/tags/latest/');
    expect(first.html.length).toBeLessThan(100_000);
    expect(first.html).toContain('in 127 layers');
    expect(first.html.match(/<rect class="series-\d+" x=/g)).toHaveLength(127);
    const last = await anonymous.get('/r/alice/deep/tags/latest/?page=3');
    expect(last.html).toContain(`href="/r/alice/deep/images/${chain[0]!.id}/files/"`);
    expect((await anonymous.get('/r/alice/deep/tree/')).html).toContain('125 layers');
  });
});

describe('the configuration of a v1 image', () => {
  const RUN = {
    Entrypoint: ['/bin/app'],
    Cmd: ['serve', '<b>'],
    Env: ['GREETING=<i>hi</i>'],
    ExposedPorts: { '8080/tcp': {} },
    Volumes: { '/data': {} },
    WorkingDir: '/srv',
    User: 'daemon',
    Labels: { team: 'web' },
  };

  it('is on the page of its tag and of its id, with the hashes of its layers', async () => {
    const base = imageWith({});
    const top = imageWith({ os: 'linux', architecture: 'amd64', config: RUN }, base);
    await pushImages(server, 'alice/configured', [base, top]);
    for (const path of ['tags/latest/', `images/${top.id}/`]) {
      const { html } = await anonymous.get(`/r/alice/configured/${path}`);
      for (const text of ['linux/amd64', '8080/tcp', '/data', '/srv', 'daemon', 'team=web']) {
        expect(html).toContain(text);
      }
      expect(html).toContain('[&quot;serve&quot;,&quot;&lt;b&gt;&quot;]');
      expect(html).toContain('GREETING=&lt;i&gt;hi&lt;/i&gt;');
      expect(html).toContain(`data-copy="${top.payload}"`);
      for (const { layer } of [base, top]) expect(html).toContain(`title="${digestOf(layer)}"`);
      expect(html).toContain(`href="/r/alice/configured/images/${base.id}/"`);
    }
  });

  it.each([
    ['texts instead of lists', { Env: 'A=1', Cmd: { a: 1 }, ExposedPorts: [1], Volumes: 7, Labels: ['x'], User: null }],
    [
      'long lists of long texts',
      {
        Env: Array.from({ length: 999 }, () => '<'.repeat(9)),
        Cmd: Array.from({ length: 999 }, () => '"'.repeat(9)),
        Labels: Object.fromEntries(Array.from({ length: 999 }, (_, at) => [`"${at}`, '&'.repeat(9)])),
        Volumes: Object.fromEntries(Array.from({ length: 999 }, (_, at) => [`<${at}>`, {}])),
      },
    ],
  ])('may have %s, and the page is shown and not large', async (_what, config) => {
    await pushImages(server, 'alice/configured', [imageWith({ config })]);
    const { status, html } = await anonymous.get('/r/alice/configured/tags/latest/');
    expect(status).toBe(200);
    expect(html.length).toBeLessThan(100_000);
  });
});

describe('the files of a layer', () => {
  const IMAGE = createImage({
    layer: layerOf(
      { name: 'etc/', typeflag: '5', mode: 0o755, mtime: 1400000000, uname: 'root', gname: 'wheel' },
      { name: 'etc/motd', mode: 0o4644, uid: 7, gid: 8, mtime: 1400000000, body: Buffer.from('hello') },
      { name: 'etc/.wh.passwd' },
      { name: 'etc/<b>&"', mode: 0o600 },
      { name: 'etc/a dir/deep/file' },
      { name: 'bin', typeflag: '2', linkname: '../<bin>' },
    ),
  });
  const files = `/r/alice/files/images/${IMAGE.id}/files/`;
  beforeAll(() => pushImages(server, 'alice/files', [IMAGE]));

  it('have sizes, modes and link targets; directories, and those above, are links', async () => {
    const root = (await anonymous.get(files)).html;
    expect(root).toContain(`<a href="${files}?directory=%2Fetc">etc/</a>`);
    expect(root).toContain('→ ../&lt;bin&gt;');
    const etc = (await anonymous.get(`${files}?directory=/etc`)).html;
    expect(etc).toContain('-rwSr--r--');
    expect(etc).toContain('5 bytes');
    expect(etc).toContain('<del>passwd</del>');
    expect(etc).toContain('&lt;b&gt;&amp;&quot;');
    const deep = (await anonymous.get(`${files}?directory=${encodeURIComponent('/etc/a dir/deep')}`)).html;
    expect(deep).toContain(`<a href="${files}?directory=%2Fetc%2Fa+dir">a dir</a>`);
    expect(deep).toContain('<span aria-current="page">deep</span>');
  });

  it('are found by a part of the name; if there are none, the page says so', async () => {
    const found = (await anonymous.get(`${files}?directory=/etc&name=mot`)).html;
    expect(found).toContain('motd');
    expect(found).not.toContain('passwd');
    expect((await anonymous.get(`${files}?name=%3Cnone%3E`)).html).toContain(
      'No file names here contain “&lt;none&gt;”',
    );
    expect((await anonymous.get(`${files}?directory=/nothing`)).html).toContain('nothing in this directory');
    expect((await anonymous.get(`${files}?directory=../../etc/%25`)).status).toBe(200);
  });

  it('are paged, and no page is large', async () => {
    const many = createImage({
      layer: layerOf(
        ...Array.from({ length: 250 }, (_, index) => ({
          name: `"${String(index).padStart(3, '0')}"${'&'.repeat(90)}`,
        })),
      ),
    });
    await pushImages(server, 'alice/files', [many]);
    const at = `/r/alice/files/images/${many.id}/files/`;
    const { html } = await anonymous.get(at);
    expect(html).toContain('250 entries');
    expect(html).toContain('Page 1 of 3');
    expect(html.length).toBeLessThan(100_000);
    expect((await anonymous.get(`${at}?page=3`)).html).toContain('&quot;249&quot;');
  });

  it('of an archive that cannot be read are not shown, and the page says why', async () => {
    const broken = createImage();
    await pushImages(server, 'alice/files', [broken]);
    const { status, html } = await anonymous.get(`/r/alice/files/images/${broken.id}/files/`);
    expect([status, html.includes('Layer format not supported')]).toEqual([400, true]);
  });
});

describe('the list of tags', () => {
  it('has the command that pulls each, and who pushed it with what', async () => {
    await pushImages(server, 'alice/listed', [createImage()], { tag: '1.0' });
    await server.ctx
      .db('tags')
      .where({ name: '1.0' })
      .update({ engine: { docker_version: '1.5.0' } });
    const { html } = await anonymous.get('/r/alice/listed/tags/');
    expect(html).toContain(`<code>docker pull ${server.host}/alice/listed:1.0</code>`);
    expect(html).toContain(`data-copy="docker pull ${server.host}/alice/listed:1.0"`);
    expect(html).toContain('<td data-th="Pushed by">alice, <span>docker 1.5.0</span></td>');
    expect((await anonymous.get('/r/alice/listed/tags/1.0/')).html).toContain('<dd>alice, <span>docker 1.5.0</span>');
    // Without the tag latest the overview names a tag that exists.
    expect((await anonymous.get('/r/alice/listed/')).html).toContain(`docker pull ${server.host}/alice/listed:1.0<`);
  });

  it('is sorted by size, of up to a thousand tags', async () => {
    const [small, large] = [createImage(), createImage({ layer: Buffer.alloc(5000) })];
    await pushImages(server, 'alice/sorted', [large], { tag: 'large' });
    await pushImages(server, 'alice/sorted', [small], { tag: 'small' });
    const { html } = await anonymous.get('/r/alice/sorted/tags/?sort=size');
    expect(html).toContain('<option value="size" selected="">');
    expect(html.indexOf('>large</a>')).toBeLessThan(html.indexOf('>small</a>'));
    await pushImages(server, 'alice/crowd', [small], { tag: 'first' });
    await server.ctx.db.raw(
      `insert into tags (repository_id, name, image_id) select t.repository_id, 'n' || n, t.image_id
       from tags t, generate_series(1, 1000) n where t.name = 'first'`,
    );
    const crowd = await anonymous.get('/r/alice/crowd/tags/?sort=size');
    expect([crowd.status, crowd.html.includes('No more than 1,000 tags can be sorted by size')]).toEqual([200, true]);
    expect(crowd.html).toContain('Page 1 of 41');
  });
});

describe('many', () => {
  it('tags are paged, sorted and found, and no page is large', async () => {
    const [image] = createChain(1) as [TestImage];
    await pushImages(server, 'alice/many', [image], { tag: 'zzz' });
    await server.ctx.db.raw(
      `insert into tags (repository_id, name, image_id, engine, updated_at)
       select repository_id, 'v' || lpad(n::text, 5, '0') || repeat('x', 100), image_id, engine, updated_at - n * interval '1 minute'
       from tags, generate_series(1, 10000) n where name = 'zzz'`,
    );
    const first = (await owner.get('/r/alice/many/tags/')).html;
    expect(first.length).toBeLessThan(100_000);
    expect(first).toContain('>zzz</a>');
    expect(first).toContain('Page 1 of 401');
    const byName = (await owner.get('/r/alice/many/tags/?sort=name')).html;
    expect(byName).toContain('>v00001x');
    expect(byName).not.toContain('>zzz</a>');
    expect((await owner.get('/r/alice/many/tags/?sort=name&page=401')).html).toContain('>zzz</a>');
    const found = (await owner.get('/r/alice/many/tags/?name=0123')).html;
    expect(found).toContain('with “0123” in the name');
    expect(found).toContain('>v00123x');
    expect((await owner.get('/r/alice/many/tags/?name=%3Cnone%3E')).html).toContain(
      'No tag names contain “&lt;none&gt;”',
    );
    expect((await owner.get('/r/alice/many/tags/?page=5000')).html).toContain('Page not found');
    expect((await owner.get('/r/alice/many/')).html.length).toBeLessThan(100_000);
  });

  it('images are drawn with the newest chains first, and no page is large', async () => {
    const [base, top] = createChain(2) as [TestImage, TestImage];
    await pushImages(server, 'alice/forest', [base, top]);
    await server.ctx.db.raw(
      `insert into repository_images (repository_id, image_id, content_id, depth)
       select i.repository_id, lpad(to_hex(n), 16, '0'), i.content_id, 1
       from repository_images i, generate_series(1, 1100) n where i.image_id = ?`,
      [base.id],
    );
    await server.ctx.db.raw(
      `insert into tags (repository_id, name, image_id, engine, updated_at)
       select t.repository_id, repeat('y', 100) || n || '-' || i.image_id, i.image_id, t.engine, t.updated_at
       from tags t join repository_images i using (repository_id), generate_series(1, 5) n
       where t.name = 'latest' and i.image_id like '0000%' and t.repository_id = (select id from repositories where name = 'forest')`,
    );
    const { html } = await anonymous.get('/r/alice/forest/tree/');
    expect(html).toContain('the newest of more');
    expect(html).toContain('Page 1 of 34');
    expect(html.length).toBeLessThan(100_000);
    expect((await anonymous.get('/r/alice/forest/tree/?page=34')).html.length).toBeLessThan(100_000);
  });
});

describe('pulls', () => {
  beforeAll(async () => {
    await pushImages(server, 'alice/pulled', [createImage()]);
    for (let index = 0; index < 3; index += 1) await startPull(server, 'alice/pulled');
    await server.ctx.activity.flush();
  });

  it('are a chart with a table of the same data; administrators also see the engines', async () => {
    const { html } = await anonymous.get('/r/alice/pulled/statistics/');
    expect(html).toContain('<strong>3 pulls</strong> in the last 30 days');
    expect(html.match(/<rect class="hit"/g)).toHaveLength(30);
    expect(html.match(/<th scope="row">\d{4}-/g)).toHaveLength(30);
    expect(html).not.toContain('Last seen');
    const seen = (await owner.get('/r/alice/pulled/statistics/?days=90')).html;
    expect(seen.match(/<rect class="hit"/g)).toHaveLength(90);
    expect(seen).toContain('Last seen');
    expect(seen.length).toBeLessThan(100_000);
  });
});
