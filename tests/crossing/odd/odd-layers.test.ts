import type { DebianClient } from '../../clients/installed-client';
import { pushOverV1 } from '../../helpers/crossing-images';
import type { TestImage } from '../../helpers/images';
import { isInstalled } from '../../helpers/installed';
import { call } from '../../helpers/registry-client';
import { basic } from '../../helpers/test-server';
import { digestOf, type Described } from '../../helpers/v2-client';
import { pullAs } from '../engines';
import { expectToShow } from '../expectations';
import { gzip, type Compressor } from './compression';
import { INSTALLED, useOddClients, wanted } from './odd-clients';
import { by, deepTars, DOCKER_GZIP, DOCKER_TAR, plain, tarsOf, withoutTrailer, type Encode } from './shapes';

/* What clients of v2 get of images whose layers were pushed over v1 in every form (bridge 8.3). */

/** An image that is pushed over v1. */
interface OddLayers {
  readonly name: string;
  readonly needs?: Compressor;
  /** without compression, the base first */
  readonly tars: (name: string) => readonly Buffer[];
  readonly encode: Encode;
  /** the type under which v2 lists them */
  readonly type: string;
  /** clients of v2 get other bytes: the same archive in gzip */
  readonly hasTwin?: boolean;
  readonly refused?: Partial<Record<DebianClient, RegExp>>;
  readonly clients?: readonly DebianClient[];
}

const AS_IT_IS = { tars: tarsOf, type: DOCKER_GZIP };
const TWIN = { ...AS_IT_IS, hasTwin: true };

const LAYERS: readonly OddLayers[] = [
  { ...AS_IT_IS, name: 'gzip', encode: gzip },
  { ...AS_IT_IS, name: 'plain', encode: plain, type: DOCKER_TAR },
  { ...AS_IT_IS, name: 'no-trailer', tars: (name) => tarsOf(name).map(withoutTrailer), encode: gzip },
  { ...TWIN, name: 'xz', needs: 'xz', encode: by('xz') },
  { ...TWIN, name: 'bzip2', needs: 'bzip2', encode: by('bzip2') },
  { ...TWIN, name: 'zstd', needs: 'zstd', encode: by('zstd') },
  { ...TWIN, name: 'zero-bytes', tars: () => [Buffer.alloc(0)], encode: plain },
  {
    ...AS_IT_IS,
    name: 'deep',
    tars: (name) => deepTars(126, name),
    encode: gzip,
    refused: { docker: /max depth exceeded/ },
    clients: ['docker', 'buildah', 'skopeo'], // podman is as slow as buildah, for the same reason
  },
];

const odd = useOddClients();

const getV2 = (path: string) => call(odd.server, 'get', `/v2/${path}`, { authorization: basic('alice') });

const canBeCreated = LAYERS.filter(({ needs }) => needs === undefined || isInstalled(needs, '--help'));

describe.each(canBeCreated)('layers of the kind $name', (row) => {
  const { name, type, hasTwin = false, refused = {}, clients = INSTALLED } = row;
  const repository = `alice/${name}`;
  const tars = row.tars(name);
  let sent: readonly Buffer[];
  let images: readonly TestImage[];
  beforeAll(async () => {
    sent = tars.map(row.encode);
    images = await pushOverV1(odd.server, repository, sent);
  });

  it(hasTwin ? 'are listed as their twins in gzip' : 'are listed as they were sent', async () => {
    const first = await getV2(`${repository}/manifests/latest`);
    const { config, layers } = JSON.parse(first.text) as { config: Described; layers: readonly Described[] };
    expect(layers.map(({ mediaType }) => mediaType)).toEqual(tars.map(() => type));
    expect(layers.map(({ digest }, at) => digest === digestOf(sent[at]!))).toEqual(tars.map(() => !hasTwin));
    const { text } = await getV2(`${repository}/blobs/${config.digest}`);
    expect(JSON.parse(text)).toMatchObject({ rootfs: { diff_ids: tars.map((tar) => digestOf(tar)) } });
    expect((await getV2(`${repository}/manifests/latest`)).text).toBe(first.text);
  });

  const refusing = Object.keys(refused).join(', ');
  it(`are pulled with all files by clients of today${refusing === '' ? '' : `, but not by ${refusing}`}`, async () => {
    const reference = `${odd.server.host}/${repository}:latest`;
    const ended = await odd.installed.all(clients, async (client) => {
      await client.pull(reference);
      await expectToShow(client, reference, tars);
      return 'all files';
    });
    expect(ended).toEqual(wanted(clients, 'all files', refused));
  });

  it('are pulled over v1 as they were sent', async () => {
    // Engines before 1.13 get an empty archive instead of zero bytes.
    const chain = await pullAs(odd.server, '17.05.0-ce', repository, 'latest');
    expect(chain?.map(({ id, layer }) => ({ id, digest: digestOf(layer) }))).toEqual(
      images.map(({ id, layer }) => ({ id, digest: digestOf(layer) })),
    );
  });
});

describe('a layer of damaged gzip', () => {
  const repository = 'alice/damaged';
  beforeAll(async () => {
    const [base, top] = tarsOf('damaged');
    await pushOverV1(odd.server, repository, [gzip(base), gzip(top).subarray(0, -20)]);
  });

  it('hides its image from v2, with the reason', async () => {
    const { status, text } = await getV2(`${repository}/manifests/latest`);
    const error = { code: 'MANIFEST_UNKNOWN', detail: { problem: 'damaged gzip data' } };
    expect({ status, body: JSON.parse(text) }).toMatchObject({ status: 404, body: { errors: [error] } });
    expect(JSON.parse((await getV2(`${repository}/tags/list`)).text)).toMatchObject({ tags: [] });
    const pulled = await odd.installed.all(INSTALLED, (client) =>
      client.pull(`${odd.server.host}/${repository}:latest`),
    );
    const refusal = /cannot be pulled over v2: damaged gzip data|manifest unknown/;
    expect(pulled).toEqual(
      wanted(INSTALLED, '', { docker: refusal, podman: refusal, buildah: refusal, skopeo: refusal }),
    );
  });

  it('is pulled over v1', async () => {
    expect(await pullAs(odd.server, '1.7.1', repository, 'latest')).toHaveLength(2);
  });
});
