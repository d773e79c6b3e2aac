import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { createClientV1, loginV1, pingIndexV1, type RegistryClientV1 } from 'docker-registry-client';
import request from 'supertest';
import { addUser, basic, passwordOf, startTestServer, type TestServer } from '../helpers/test-server';
import { newHubState } from './hub-state';
import { readTrace } from './parse-trace';
import { Replay } from './replay';

/* A v1 client by another author, which was tested against the real Hub, pulls what docker 1.5.0 has pushed. */

/** What 1.5.0 pushes, with the digests of its layers as they were recorded. */
const BASE = {
  id: '68571817c96c5c832ddf3f4ecb1ee43a0c9dafb8a5a7dde379eb50a294cc3aa4',
  layerSha256: '6713b5377cd4949e926c683c6171cbcd5fd7840bde7ba8a3d2afc4c05da2a9b4',
};
const ONE = {
  id: '2f8fe63a6224321de5d0a24cf30067d37a358706b1ed38b015282ab68dc69ae9',
  layerSha256: '8c297eb95665d72394e0b53aeab27f4de9ea267766c0323afd35108ea307dbcb',
};
const TWO = {
  id: 'd72e654c3645b02dde39fe0be595ef173409544f6e10ea1164759d6c284dbade',
  layerSha256: '01ce3a1e72ec9c74d449d8f198fa8903c95aff83e08006aedc6cf200c0f7a5d4',
};
const BASE_FIRST = [BASE, ONE, TWO];
const PUSH = readTrace('1.5.0', '05-push-2tags.txt');
const ALICE = { username: 'alice', password: passwordOf('alice') };

function pushedJson(imageId: string): string | undefined {
  const isIt = ({ method, target }: { method: string; target: string }): boolean =>
    method === 'PUT' && target === `/v1/images/${imageId}/json`;
  return PUSH.steps.find((step) => isIt(step.request))?.request.body.toString();
}

/** The text of the json as it came, and what the client made of it. */
function readImageJson(client: RegistryClientV1, imgId: string): Promise<{ text: string; id: unknown }> {
  return new Promise((resolve, reject) => {
    client.getImgJson({ imgId }, (error, json, response) => {
      if (error) reject(error);
      else resolve({ text: response.body, id: json['id'] });
    });
  });
}

async function layerSha256(client: RegistryClientV1, imgId: string): Promise<string> {
  const stream = await promisify(client.getImgLayerStream.bind(client))({ imgId });
  const hash = createHash('sha256');
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', (bytes: Buffer) => hash.update(bytes));
    stream.on('end', () => resolve(hash.digest('hex')));
    stream.resume();
  });
}

describe('docker-registry-client', () => {
  let server: TestServer;
  const clients: RegistryClientV1[] = [];

  /** The client uses plain http for 127.0.0.1 by itself. */
  function clientOf(credentials?: typeof ALICE): RegistryClientV1 {
    const client = createClientV1({ name: `${server.host}/alice/multi`, ...credentials });
    clients.push(client);
    return client;
  }

  beforeAll(async () => {
    server = await startTestServer();
    await addUser(server, 'alice');
    const replay = new Replay(server, newHubState({ alice: ALICE.password }));
    await replay.run(PUSH);
    replay.close();
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  afterAll(() => server.close());

  test('pings the registry', async () => {
    expect(await promisify(pingIndexV1)({ indexName: server.url })).toBe(true);
    const client = clientOf();
    expect(await promisify(client.ping.bind(client))()).toBe(true);
  });

  test('logs in after its attempt to register is refused', async () => {
    const options = { index: server.url, email: 'alice@example.com', ...ALICE };
    expect(await promisify(loginV1)(options)).toEqual({ status: 'Login Succeeded' });
    const wrong = promisify(loginV1)({ ...options, password: 'wrong' });
    await expect(wrong).rejects.toThrow('Wrong login/password, please try again');
  });

  test('searches for repositories', async () => {
    const client = clientOf();
    const found = await promisify(client.search.bind(client))({ term: 'mul' });
    expect(found.num_results).toBe(1);
    expect(found.results).toMatchObject([{ name: 'alice/multi', is_official: false, is_automated: false }]);
  });

  test('lists images and tags', async () => {
    const client = clientOf(ALICE);
    const images = await promisify(client.listRepoImgs.bind(client))({});
    expect(images.map(({ id }) => id)).toEqual(BASE_FIRST.map(({ id }) => id));
    expect(await promisify(client.listRepoTags.bind(client))()).toEqual({ one: ONE.id, two: TWO.id });
    expect(await promisify(client.getImgId.bind(client))({ tag: 'one' })).toBe(ONE.id);
  });

  test('reads ancestry, json and layers exactly as they were pushed', async () => {
    const client = clientOf(ALICE);
    const ancestry = await promisify(client.getImgAncestry.bind(client))({ imgId: TWO.id });
    expect(ancestry).toEqual([TWO.id, ONE.id, BASE.id]);
    for (const { id, layerSha256: pushed } of BASE_FIRST) {
      expect(await readImageJson(client, id)).toEqual({ text: pushedJson(id), id });
      expect(await layerSha256(client, id)).toBe(pushed);
    }
  });

  test('reads a private repository with the token that the index gave it', async () => {
    const visibility = request(server.server).put('/v1/repositories/alice/multi/properties');
    await visibility.set('Authorization', basic('alice')).send({ access: 'private' }).expect(200);
    const nobody = clientOf();
    await expect(promisify(nobody.listRepoTags.bind(nobody))()).rejects.toMatchObject({ statusCode: 401 });
    const alice = clientOf(ALICE);
    expect(await promisify(alice.listRepoTags.bind(alice))()).toEqual({ one: ONE.id, two: TWO.id });
    expect(await layerSha256(alice, TWO.id)).toBe(TWO.layerSha256);
  });
});
