import { createHash, randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import request from 'supertest';
import { basic } from './test-server';

/** A server in this process, or the URL of another. */
export interface Target {
  readonly server: Server | string;
}

/** An image as an engine would send it. */
export interface TestImage {
  readonly id: string;
  readonly json: Buffer;
  readonly layer: Buffer;
  /** `sha256:<hex>` over json, newline, layer */
  readonly payload: string;
}

/** An image with a layer of random bytes, on a parent if one is given. */
export function createImage(options: { id?: string; parent?: string; layer?: Buffer; note?: string } = {}): TestImage {
  const id = options.id ?? randomBytes(32).toString('hex');
  const parent = options.parent === undefined ? {} : { parent: options.parent };
  const json = Buffer.from(JSON.stringify({ id, ...parent, comment: options.note ?? 'made by a test' }));
  const layer = options.layer ?? randomBytes(2000);
  return { id, json, layer, payload: payloadOf(json, layer) };
}

/** A base and images upon it, base first. */
export function createChain(length: number): TestImage[] {
  const chain: TestImage[] = [];
  for (let index = 0; index < length; index += 1) {
    const parent = chain.at(-1)?.id;
    chain.push(createImage(parent === undefined ? {} : { parent }));
  }
  return chain;
}

/** What an engine from 0.10 on sends as `X-Docker-Checksum-Payload`. */
export function payloadOf(json: Buffer, layer: Buffer): string {
  return `sha256:${createHash('sha256').update(json).update('\n').update(layer).digest('hex')}`;
}

/** Starts a push and resolves to the value for Authorization: `Token signature=…`. */
export async function startPush(
  server: Target,
  repository: string,
  images: readonly TestImage[],
  user = 'alice',
): Promise<string> {
  const response = await request(server.server)
    .put(`/v1/repositories/${repository}/`)
    .set('Authorization', basic(user))
    .set('X-Docker-Token', 'true')
    .send(images.map(({ id }) => ({ id })))
    .expect(200);
  return `Token ${response.headers['x-docker-token']}`;
}

/** Sends json, layer and checksum of one image. */
export async function uploadImage(server: Target, authorization: string, image: TestImage): Promise<void> {
  const agent = request(server.server);
  const put = (part: string) => agent.put(`/v1/images/${image.id}/${part}`).set('Authorization', authorization);
  await put('json').send(image.json.toString()).type('application/json').expect(200);
  await put('layer').send(image.layer).type('application/octet-stream').expect(200);
  await put('checksum').set('X-Docker-Checksum-Payload', image.payload).expect(200);
}

/** What an engine does for each image: it asks, and uploads what is not there. */
async function uploadIfMissing(server: Target, authorization: string, image: TestImage): Promise<void> {
  const probe = await request(server.server).get(`/v1/images/${image.id}/json`).set('Authorization', authorization);
  if (probe.status !== 200) await uploadImage(server, authorization, image);
}

/** Pushes a whole chain, base first, and tags its last image; resolves to the push's Authorization value. */
export async function pushImages(
  server: Target,
  repository: string,
  images: readonly TestImage[],
  options: { user?: string; tag?: string } = {},
): Promise<string> {
  const { user = 'alice', tag = 'latest' } = options;
  const authorization = await startPush(server, repository, images, user);
  for (const image of images) await uploadIfMissing(server, authorization, image);
  await request(server.server)
    .put(`/v1/repositories/${repository}/tags/${tag}`)
    .set('Authorization', authorization)
    .type('application/json')
    .send(JSON.stringify(images.at(-1)?.id))
    .expect(200);
  await request(server.server)
    .put(`/v1/repositories/${repository}/images`)
    .set('Authorization', basic(user))
    .set('X-Docker-Token', 'true')
    .send([])
    .expect(204);
  return authorization;
}

/** Opens a repository to pull and resolves to the value for Authorization. */
export async function startPull(server: Target, repository: string, user?: string): Promise<string> {
  const opening = request(server.server).get(`/v1/repositories/${repository}/images`).set('X-Docker-Token', 'true');
  const response = await (user === undefined ? opening : opening.set('Authorization', basic(user))).expect(200);
  return `Token ${response.headers['x-docker-token']}`;
}
