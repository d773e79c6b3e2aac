import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import request from 'supertest';
import { configOfChain } from '../../src/features/bridge/image-config';
import { createClientPlace, type ClientPlace } from '../clients/client-process';
import { startDockerd, type Dockerd } from '../clients/dockerd';
import { createLayout, motdIn, newMotd } from '../clients/layout';
import { startPull } from '../helpers/images';
import { isInstalled, isInstalledForRoot } from '../helpers/installed';
import { addUser, passwordOf, startTestServer, type TestServer } from '../helpers/test-server';
import { digestOf } from '../helpers/v2-client';
import { newHubState } from './hub-state';
import { readTrace, traceFiles, VERSIONS, type EngineVersion } from './parse-trace';
import { Replay } from './replay';

/*
 * Both directions of the bridge, by what real engines sent and real clients do: what four engines pushed over v1 is pulled
 * by docker and skopeo, and what skopeo pushed is pulled with the requests of engines.
 */

let place: ClientPlace;
beforeAll(async () => {
  place = await createClientPlace();
});
afterAll(() => place.close());

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterEach(() => server.close());

/** Pushes two tags of alice/multi as an engine did. */
async function pushAs(version: EngineVersion): Promise<void> {
  const replay = new Replay(server, newHubState({ alice: passwordOf('alice') }));
  const files = traceFiles(version).filter((file) => /^0[57]-push/.test(file));
  try {
    for (const file of files) await replay.run(readTrace(version, file));
  } finally {
    replay.close();
  }
}

/** What an engine pulls of a tag: the json and the layer of each image, the base first. */
async function pullOverV1(
  repository: string,
  tag: string,
  userAgent: string,
): Promise<{ id: string; json: Buffer; layer: Buffer }[]> {
  const Authorization = await startPull(server, repository, 'alice');
  const get = (target: string) =>
    request(server.server).get(target).set({ Authorization, 'User-Agent': userAgent }).buffer().expect(200);
  const { body: id } = await get(`/v1/repositories/${repository}/tags/${tag}`);
  const { body: ids } = await get(`/v1/images/${String(id)}/ancestry`);
  const images: { id: string; json: Buffer; layer: Buffer }[] = [];
  for (const imageId of (ids as string[]).toReversed()) {
    const json = Buffer.from((await get(`/v1/images/${imageId}/json`)).text);
    const layer = (await get(`/v1/images/${imageId}/layer`).responseType('blob')).body as Buffer;
    images.push({ id: imageId, json, layer });
  }
  return images;
}

/** The image id that docker 1.13 and 17.05 show after a pull over v1. */
async function expectedId(repository: string, tag: string): Promise<string> {
  const images = await pullOverV1(repository, tag, 'docker/17.05.0-ce');
  const chain = images.map(({ json, layer }) => ({
    json,
    diffId: digestOf(layer[0] === 0x1f ? gunzipSync(layer) : layer),
  }));
  return digestOf(configOfChain(chain));
}

function describeDocker(): void {
  let dockerd: Dockerd;
  beforeAll(async () => {
    dockerd = await startDockerd(place, '{}');
  });
  afterAll(() => dockerd.close());
  const docker = (...args: string[]) => place.run('docker', ['--host', dockerd.socket, ...args]);

  it.each(VERSIONS)('docker pulls what docker %s pushed, and shows the image id of docker 17.05', async (version) => {
    await pushAs(version);
    for (const tag of ['one', 'two']) {
      const reference = `${server.host}/alice/multi:${tag}`;
      await docker('pull', reference);
      const id = await docker('image', 'inspect', '--format', '{{.Id}}', reference);
      expect(id).toBe(await expectedId('alice/multi', tag));
    }
  });
}

function describeSkopeo(): void {
  it('engines pull what skopeo pushed, with the same files', async () => {
    const motd = newMotd();
    const folder = path.join(place.dir, 'layout');
    await mkdir(folder);
    const { config } = await createLayout(folder, motd);
    const target = `docker://${server.host}/alice/modern:1`;
    const credentials = `alice:${passwordOf('alice')}`;
    await place.run('skopeo', [
      'copy',
      '--dest-tls-verify=false',
      '--dest-creds',
      credentials,
      `oci:${folder}:1`,
      target,
    ]);
    for (const version of ['1.5.0', '1.7.1', '17.05.0-ce']) {
      const images = await pullOverV1('alice/modern', '1', `docker/${version} go/go1.4 os/linux arch/amd64`);
      expect(images.map(({ id }) => `sha256:${id}`)).toEqual([config]);
      expect(motdIn(gunzipSync(images[0]!.layer).toString())).toBe(motd);
    }
  });
}

if (isInstalledForRoot('dockerd', 'docker.io')) describe('with docker', describeDocker);
if (isInstalled('skopeo', '--version')) describe('with skopeo', describeSkopeo);
