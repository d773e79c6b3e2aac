import { createImage, payloadOf, pushImages, startPull, startPush, type TestImage } from '../../helpers/images';
import { errorText, registryClient, reply, type RegistryClient } from '../../helpers/registry-client';
import { createTarLayer } from '../../helpers/tar-layer';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const OK = [200, 'true'];
const MISMATCH = [400, errorText('Checksum mismatch')];
const MISSING_HEADER = [
  412,
  errorText(
    'X-Docker-Checksum-Payload not set.  If you are using the Docker daemon, you should upgrade to version 0.10 or later',
  ),
];
const EMPTY = [400, errorText("Missing Image's checksum")];
const NOT_FOUND = [404, errorText('Image not found')];
const CANNOT_SET = [409, errorText('Cannot set this image checksum')];
const WRONG = `sha256:${'0'.repeat(64)}`;
const WRONG_TARSUM = `tarsum+sha256:${'0'.repeat(64)}`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

async function begin(image: TestImage): Promise<RegistryClient> {
  const push = registryClient(server, await startPush(server, 'alice/app', [image]));
  await push.putJson(image.id, image.json);
  await push.putLayer(image.id, image.layer);
  return push;
}

const tar = createTarLayer('Welcome.\n');
const tarImage = (): TestImage => createImage({ layer: tar.gzipped });

describe('PUT /v1/images/<id>/checksum accepts (protocol 4.6)', () => {
  it('the payload sum of docker 0.10 and later (E10, E32)', async () => {
    const image = createImage();
    const push = await begin(image);
    const headers = { 'X-Docker-Checksum': WRONG_TARSUM, 'X-Docker-Checksum-Payload': image.payload };
    expect(await reply(push.putChecksum(image.id, headers))).toEqual(OK);
    expect((await push.get(image.id, 'json')).status).toBe(200);
  });

  it('the tarsum of docker 0.6 to 0.8, which send nothing else (E30)', async () => {
    const image = tarImage();
    const push = await begin(image);
    expect(await reply(push.putChecksum(image.id, { 'X-Docker-Checksum': tar.tarsum(image.json) }))).toEqual(OK);
    expect((await push.get(image.id, 'json')).headers['x-docker-checksum']).toBe(image.payload);
  });

  it('the tarsum of docker 0.9, whose payload sum is another hash (E31)', async () => {
    const image = tarImage();
    const push = await begin(image);
    const headers = {
      'X-Docker-Checksum': tar.tarsum(image.json),
      'X-Docker-Checksum-Payload': tar.tarSha256,
    };
    expect(await reply(push.putChecksum(image.id, headers))).toEqual(OK);
  });

  it('the payload sum under the old name', async () => {
    const image = createImage();
    const push = await begin(image);
    expect(await reply(push.putChecksum(image.id, { 'X-Docker-Checksum': image.payload }))).toEqual(OK);
  });

  it('a tarsum of a tar that is not compressed', async () => {
    const image = createImage({ layer: tar.tar });
    const push = await begin(image);
    expect(await reply(push.putChecksum(image.id, { 'X-Docker-Checksum': tar.tarsum(image.json) }))).toEqual(OK);
  });

  it('the same payload sum again, after an answer was lost', async () => {
    const image = createImage();
    const push = await begin(image);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual(OK);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual(OK);
    expect(await reply(push.putChecksum(image.id, { 'X-Docker-Checksum': image.payload }))).toEqual(OK);
  });

  it('the same tarsum again', async () => {
    const image = tarImage();
    const push = await begin(image);
    const headers = { 'X-Docker-Checksum': tar.tarsum(image.json) };
    expect(await reply(push.putChecksum(image.id, headers))).toEqual(OK);
    expect(await reply(push.putChecksum(image.id, headers))).toEqual(OK);
  });
});

describe('PUT /v1/images/<id>/checksum refuses (protocol 4.6)', () => {
  it('a checksum that differs: the image stays in progress and can be finished (E34)', async () => {
    const image = tarImage();
    const push = await begin(image);
    for (const headers of [
      { 'X-Docker-Checksum-Payload': WRONG },
      { 'X-Docker-Checksum': WRONG },
      { 'X-Docker-Checksum': WRONG_TARSUM },
      { 'X-Docker-Checksum': 'nonsense' },
      { 'X-Docker-Checksum': WRONG_TARSUM, 'X-Docker-Checksum-Payload': WRONG },
      { 'X-Docker-Checksum': tar.tarsum(Buffer.from('{}')), 'X-Docker-Checksum-Payload': tar.tarSha256 },
      { 'X-Docker-Checksum-Payload': payloadOf(image.json, tar.tar) },
      { 'X-Docker-Checksum-Payload': payloadOf(Buffer.from('{}'), image.layer) },
    ]) {
      expect([headers, await reply(push.putChecksum(image.id, headers))]).toEqual([headers, MISMATCH]);
      expect(await reply(push.get(image.id, 'json'))).toEqual([400, errorText('Image is being uploaded, retry later')]);
    }
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual(OK);
  });

  it('a tarsum of a layer that is not a tar', async () => {
    const image = createImage({ layer: Buffer.from('no tar at all') });
    const push = await begin(image);
    expect(await reply(push.putChecksum(image.id, { 'X-Docker-Checksum': WRONG_TARSUM }))).toEqual(MISMATCH);
  });

  it('a request without any checksum, with 412 and two spaces', async () => {
    const image = createImage();
    const push = await begin(image);
    expect(await reply(push.putChecksum(image.id, {}))).toEqual(MISSING_HEADER);
    const strange = createImage();
    expect(await reply(push.putChecksum(strange.id, {}))).toEqual(MISSING_HEADER);
    expect(await reply(push.putChecksum('no-id', {}))).toEqual([404, errorText('Invalid image ID')]);
  });

  it('an empty checksum', async () => {
    const image = createImage();
    const push = await begin(image);
    expect(await reply(push.putPayload(image.id, ''))).toEqual(EMPTY);
    expect(await reply(push.putChecksum(image.id, { 'X-Docker-Checksum': '' }))).toEqual(EMPTY);
  });

  it('a checksum of an image without an upload', async () => {
    const image = createImage();
    const push = registryClient(server, await startPush(server, 'alice/app', [image]));
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual(NOT_FOUND);
    const strange = createImage();
    expect(await reply(push.putPayload(strange.id, strange.payload))).toEqual(NOT_FOUND);
    const client = registryClient(server, basic('alice'));
    expect(await reply(client.putPayload(strange.id, strange.payload))).toEqual(NOT_FOUND);
  });

  it('a checksum before the layer', async () => {
    const image = createImage();
    const push = registryClient(server, await startPush(server, 'alice/app', [image]));
    await push.putJson(image.id, image.json);
    for (const payload of [image.payload, payloadOf(image.json, Buffer.alloc(0)), WRONG]) {
      expect(await reply(push.putPayload(image.id, payload))).toEqual(MISMATCH);
    }
  });

  it('another checksum of a complete image', async () => {
    const image = tarImage();
    const token = await pushImages(server, 'alice/app', [image]);
    const push = registryClient(server, token);
    expect(await reply(push.putPayload(image.id, WRONG))).toEqual(CANNOT_SET);
    expect(await reply(push.putChecksum(image.id, { 'X-Docker-Checksum': WRONG_TARSUM }))).toEqual(CANNOT_SET);
    expect((await push.get(image.id, 'layer')).bytes).toEqual(image.layer);
  });

  it('a caller who may not push', async () => {
    const image = createImage();
    await begin(image);
    const read = await startPull(server, 'alice/app', 'alice');
    for (const authorization of [undefined, 'Token ', 'Basic Og==', read]) {
      const answer = await registryClient(server, authorization).putPayload(image.id, image.payload);
      expect([answer.status, answer.text]).toEqual([401, errorText('Requires authorization')]);
      expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
    }
  });
});
