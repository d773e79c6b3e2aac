import { askApi } from '../../helpers/api-client';
import { isInstalled } from '../../helpers/installed';
import { call } from '../../helpers/registry-client';
import { basic } from '../../helpers/test-server';
import { digestOf, pushBlob, pushManifest } from '../../helpers/v2-client';
import { readAsEngine } from '../engine-json';
import { pullAs } from '../engines';
import { differencesOf } from '../tree/file-tree';
import { treeOfLayers } from '../tree/layers';
import { compressionOf, uncompressed } from './compression';
import { INSTALLED, useOddClients, wanted } from './odd-clients';
import { ODD_IMAGES } from './odd-images';
import type { OddImage } from './shapes';

/* What becomes of each odd image: here, for the engines of v1, and for the clients of Debian (bridge 5.4, 7 and 9). */

const odd = useOddClients();

/** Pushes it under the tag latest, and expects the answers of bridge 5.4. */
async function push(repository: string, { blobs, children, manifest }: OddImage): Promise<void> {
  for (const blob of blobs) await pushBlob(odd.server, repository, blob);
  for (const { type, body } of children) await pushManifest(odd.server, repository, '', body, { type });
  await pushManifest(odd.server, repository, 'latest', manifest.body, { type: manifest.type });
}

const canBeCreated = ODD_IMAGES.filter(({ needs }) => needs === undefined || isInstalled(needs, '--help'));

describe.each(canBeCreated)('an image of the kind $name', (row) => {
  const { name, hidden, refused = {}, clients = INSTALLED } = row;
  const repository = `alice/${name}`;
  let image: OddImage;
  beforeAll(async () => {
    image = row.create(name);
    await push(repository, image);
  });

  it('is served as it was pushed', async () => {
    const text = JSON.stringify(image.manifest.body);
    for (const reference of ['latest', digestOf(text)]) {
      const path = `/v2/${repository}/manifests/${reference}`;
      const answer = await call(odd.server, 'get', path, { authorization: basic('alice') });
      expect(answer).toMatchObject({ status: 200, text });
      expect(answer.headers['content-type']).toBe(image.manifest.type);
    }
  });

  it(hidden === undefined ? 'is pulled over v1' : `does not exist for v1, because ${hidden}`, async () => {
    const { body } = await askApi(odd.server, 'get', `/api/v1.1/repositories/${repository}/tags/latest/`);
    const chain = await pullAs(odd.server, '1.7.1', repository, 'latest');
    expect({ problem: body.v1_problem, isPulled: chain !== undefined }).toEqual({
      problem: hidden ?? null,
      isPulled: hidden === undefined,
    });
    const layers = (chain ?? []).map(({ layer }) => layer);
    expect(layers.map(compressionOf)).not.toContain('zstd');
    const expected = hidden === undefined ? treeOfLayers(image.tars) : new Map();
    expect(differencesOf(expected, treeOfLayers(layers.map(uncompressed)))).toEqual([]);
    for (const { id, json } of chain ?? []) expect(readAsEngine(json)).toMatchObject({ id });
  });

  const refusing = Object.keys(refused).join(', ');
  it(`is pulled by clients of today${refusing === '' ? '' : `, but not by ${refusing}`}`, async () => {
    const pulled = await odd.installed.all(clients, (client) => client.pull(`${odd.server.host}/${repository}:latest`));
    expect(pulled).toEqual(wanted(clients, image.id, refused));
  });
});
