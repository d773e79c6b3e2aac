import { createHash } from 'node:crypto';
import { headerOf, type Header } from '../wire/answer';
import { BadAnswer } from '../wire/answer-reader';
import { chunkedStream, openExchange, type OpenExchange, type Place } from '../wire/wire';

/*
 * A plain client of the v1 protocol: it sends the requests of a 1.5 engine, in the same order, one image after the
 * other, with one connection for each request. Layers are streamed in both directions.
 */

/** A repository on a server, and the credentials of the client. */
export interface V1Target {
  /** of the index, without `/v1` */
  readonly url: string;
  /** the value of Authorization; undefined: nobody is logged in */
  readonly basic: string | undefined;
  /** `namespace/name` */
  readonly repository: string;
}

/** A push or a pull that the index has allowed. */
export interface V1Session {
  readonly target: V1Target;
  /** of the registry that has the images, without `/v1` */
  readonly registry: string;
  /** the value of Authorization for the registry */
  readonly authorization: string;
}

/** An image to be pushed. */
export interface V1Image {
  readonly id: string;
  readonly json: string | Buffer;
  readonly layer: () => AsyncIterable<Buffer>;
}

interface Ask {
  readonly method: 'GET' | 'PUT';
  readonly url: string;
  readonly headers: readonly Header[];
  readonly body?: Buffer | AsyncIterable<Buffer>;
  /** the statuses that are not a failure */
  readonly expected?: readonly number[];
}

const LIMITS = { insecure: false, idleMs: 60_000 };
const SHOWN_BYTES = 300;
/** No list of images and no json of a registry may be longer. */
const MAX_BYTES = 64 * 1024 * 1024;
const JSON_TYPE: Header = ['Content-Type', 'application/json'];
const WANTS_TOKEN: Header = ['X-Docker-Token', 'true'];

function placeOf({ protocol, host }: URL): Place {
  return { scheme: protocol === 'https:' ? 'https' : 'http', host };
}

/** @throws Error for another status, and what `openExchange` throws */
async function open({ method, url, headers, body, expected = [200] }: Ask): Promise<OpenExchange> {
  const asked = new URL(url);
  const isStreamed = body !== undefined && !Buffer.isBuffer(body);
  const length: Header = ['Content-Length', String(isStreamed ? 0 : (body?.length ?? 0))];
  const framing: readonly Header[] = isStreamed ? [['Transfer-Encoding', 'chunked']] : method === 'PUT' ? [length] : [];
  const all: readonly Header[] = [['Host', asked.host], ...headers, ...framing, ['Connection', 'close']];
  const target = `${asked.pathname}${asked.search}`;
  const sent = isStreamed ? chunkedStream(body) : body === undefined ? [] : [body];
  const answer = await openExchange(placeOf(asked), { method, target, headers: all, body: sent }, LIMITS);
  if (expected.includes(answer.status)) return answer;
  const text = (await readAll(answer, MAX_BYTES)).toString('utf8', 0, SHOWN_BYTES);
  throw new Error(`${method} ${url} answered ${answer.status}: ${text}`);
}

/** @throws BadAnswer when the body is cut off, or longer */
async function* readWhole({ body, close }: OpenExchange): AsyncGenerator<Buffer, void, undefined> {
  try {
    if (yield* body) throw new BadAnswer('unexpected EOF');
  } finally {
    close();
  }
}

async function readAll(answer: OpenExchange, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of readWhole(answer)) {
    total += chunk.length;
    if (total > limit) throw new BadAnswer(`a body of more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function call(ask: Ask): Promise<{ answer: OpenExchange; body: Buffer }> {
  const answer = await open(ask);
  return { answer, body: await readAll(answer, MAX_BYTES) };
}

function authorization(value: string | undefined): readonly Header[] {
  return value === undefined ? [] : [['Authorization', value]];
}

function indexUrl({ url, repository }: V1Target, rest: string): string {
  return `${url}/v1/repositories/${repository}${rest}`;
}

function sessionOf(target: V1Target, answer: OpenExchange): V1Session {
  const [endpoint = ''] = headerOf(answer, 'X-Docker-Endpoints').split(',');
  const { protocol } = new URL(target.url);
  const registry = endpoint.trim() === '' ? target.url : `${protocol}//${endpoint.trim()}`;
  return { target, registry, authorization: `Token ${headerOf(answer, 'X-Docker-Token')}` };
}

/** Asks whether there is a v1 registry. */
export async function ping(url: string): Promise<void> {
  await call({ method: 'GET', url: `${url}/v1/_ping`, headers: [] });
}

/** Opens a repository to pull (protocol 2.8). */
export async function startPull(target: V1Target): Promise<V1Session> {
  const headers = [...authorization(target.basic), WANTS_TOKEN];
  const { answer } = await call({ method: 'GET', url: indexUrl(target, '/images'), headers });
  return sessionOf(target, answer);
}

/** Announces images (protocol 2.6). */
export async function startPush(target: V1Target, ids: readonly string[]): Promise<V1Session> {
  const { answer } = await call({
    method: 'PUT',
    url: indexUrl(target, '/'),
    headers: [...authorization(target.basic), WANTS_TOKEN, JSON_TYPE],
    body: Buffer.from(JSON.stringify(ids.map((id) => ({ id })))),
    expected: [200, 201],
  });
  return sessionOf(target, answer);
}

/** Pushes one image: its json, its layer, and a checksum over both. */
export async function pushImage(session: V1Session, { id, json, layer }: V1Image): Promise<void> {
  const url = `${session.registry}/v1/images/${id}`;
  const headers = authorization(session.authorization);
  await call({ method: 'GET', url: `${url}/json`, headers, expected: [404] });
  await call({ method: 'PUT', url: `${url}/json`, headers: [...headers, JSON_TYPE], body: Buffer.from(json) });
  const hash = createHash('sha256').update(json).update('\n');
  await call({ method: 'PUT', url: `${url}/layer`, headers, body: hashing(layer(), hash) });
  const checksum: Header = ['X-Docker-Checksum-Payload', `sha256:${hash.digest('hex')}`];
  await call({ method: 'PUT', url: `${url}/checksum`, headers: [...headers, checksum] });
}

async function* hashing(
  bytes: AsyncIterable<Buffer>,
  hash: { update(chunk: Buffer): unknown },
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Tags an image. */
export async function putTag(session: V1Session, tag: string, imageId: string): Promise<void> {
  const { registry, target } = session;
  await call({
    method: 'PUT',
    url: `${registry}/v1/repositories/${target.repository}/tags/${tag}`,
    headers: [...authorization(session.authorization), JSON_TYPE],
    body: Buffer.from(JSON.stringify(imageId)),
  });
}

/** Ends a push. */
export async function finishPush({ target }: V1Session): Promise<void> {
  await call({
    method: 'PUT',
    url: indexUrl(target, '/images'),
    headers: [...authorization(target.basic), WANTS_TOKEN, JSON_TYPE],
    body: Buffer.from('[]'),
    expected: [204],
  });
}

async function readJson(session: V1Session, path: string): Promise<unknown> {
  const headers = authorization(session.authorization);
  const { body } = await call({ method: 'GET', url: `${session.registry}/v1/${path}`, headers });
  return JSON.parse(body.toString()) as unknown;
}

/** The tags of the repository, and the images that they point to. */
export async function listTags(session: V1Session): Promise<Record<string, string>> {
  return (await readJson(session, `repositories/${session.target.repository}/tags`)) as Record<string, string>;
}

/** The ids of an image and of its ancestors, the image first. */
export async function listAncestry(session: V1Session, imageId: string): Promise<string[]> {
  return (await readJson(session, `images/${imageId}/ancestry`)) as string[];
}

/**
 * Reads an image.
 *
 * @param write - gets the layer in pieces, as they arrive
 * @returns its json
 * @throws BadAnswer when json and layer do not match the registry's checksum
 */
export async function pullImage(
  session: V1Session,
  imageId: string,
  write: (layer: AsyncIterable<Buffer>) => Promise<void>,
): Promise<Buffer> {
  const url = `${session.registry}/v1/images/${imageId}`;
  const headers = authorization(session.authorization);
  const { answer, body: json } = await call({ method: 'GET', url: `${url}/json`, headers });
  const hash = createHash('sha256').update(json).update('\n');
  await write(hashing(readWhole(await open({ method: 'GET', url: `${url}/layer`, headers })), hash));
  const found = `sha256:${hash.digest('hex')}`;
  const expected = headerOf(answer, 'X-Docker-Payload-Checksum');
  if (expected !== '' && found !== expected) throw new BadAnswer(`${url} came with other bytes: ${found}`);
  return json;
}
