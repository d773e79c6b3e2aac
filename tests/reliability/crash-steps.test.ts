import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestImage } from '../helpers/images';
import { startKillableServer, type KillableServer } from '../helpers/killable-server';
import { basic } from '../helpers/test-server';
import { asUser, digestOf, imageOf, OCI_MANIFEST, pushImage } from '../helpers/v2-client';
import { FilesystemBlobStore } from '../../src/blobs/filesystem';
import { sweep } from '../../src/jobs';
import { filesBelow } from '../helpers/damage';
import { createTestContext } from '../helpers/test-context';
import { differenceOf, engineClient, growChain } from './engine-client';
import { someOf } from './crash-rounds';
import { expectBytesForEveryRow } from './stored-bytes';

const LAYER_BYTES = 2 * 1024 * 1024;
const CHUNK_BYTES = 32 * 1024;

let place: KillableServer;
beforeAll(async () => {
  place = await startKillableServer();
});
afterAll(() => place.close());

interface Step {
  readonly method: 'PUT' | 'POST' | 'PATCH';
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly isChunked?: boolean;
}

function chunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += CHUNK_BYTES) {
    const chunk = body.subarray(at, at + CHUNK_BYTES);
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

/** A request as an engine sends it on a connection of its own. */
function onWire({ method, path: url, headers, body, isChunked }: Step): Buffer {
  const framing = isChunked === true ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
  const head = [`${method} ${url} HTTP/1.1`, 'Host: hub.test', ...headers, framing, 'Connection: close', '', ''];
  return Buffer.concat([Buffer.from(head.join('\r\n')), isChunked === true ? chunked(body) : body]);
}

/** Sends the whole request and reads the answer. */
async function exchange(step: Step): Promise<{ status: number; token: string; location: string }> {
  const socket = connect(Number(new URL(place.server.url).port), '127.0.0.1');
  socket.write(onWire(step));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const answer = Buffer.concat(chunks).toString('latin1');
  const [, status = ''] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
  const [, token = ''] = /^x-docker-token: (.*)\r$/im.exec(answer) ?? [];
  const [, location = ''] = /^location: (.*)\r$/im.exec(answer) ?? [];
  return { status: Number(status), token, location };
}

/** Sends a part of the request, lets the server take it in, and kills the server. */
async function dieIn(step: Step, share: number, afterMs: number): Promise<void> {
  const bytes = onWire(step);
  const socket = connect(Number(new URL(place.server.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  await new Promise((resolve) => socket.write(bytes.subarray(0, Math.floor(bytes.length * share)), resolve));
  await sleep(afterMs);
  await place.server.end('SIGKILL');
  socket.destroy();
}

function collect(res: unknown, done: (error: Error | null, bytes: Buffer) => void): void {
  const chunks: Buffer[] = [];
  const stream = res as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => done(null, Buffer.concat(chunks)));
}

const STEPS = ['repository', 'json', 'layer', 'checksum', 'tag', 'images'] as const;
type StepName = (typeof STEPS)[number];

/** The requests of a push of one image on an existing base, in their order. */
function stepsOf(repository: string, [, image]: readonly TestImage[], token: string): Record<StepName, Step> {
  if (image === undefined) throw new Error('no image');
  const asUser = [`Authorization: ${basic('alice')}`, 'X-Docker-Token: true'];
  const asPusher = [`Authorization: Token ${token}`];
  const put = (url: string, headers: readonly string[], body: Buffer | string): Step => ({
    method: 'PUT',
    path: url,
    headers,
    body: Buffer.from(body),
  });
  const ofImage = `/v1/images/${image.id}`;
  const ofRepository = `/v1/repositories/${repository}`;
  return {
    repository: put(`${ofRepository}/`, asUser, JSON.stringify([{ id: image.id, Tag: 'latest' }])),
    json: put(`${ofImage}/json`, asPusher, image.json),
    layer: { ...put(`${ofImage}/layer`, asPusher, image.layer), isChunked: true },
    checksum: put(`${ofImage}/checksum`, [...asPusher, `X-Docker-Checksum-Payload: ${image.payload}`], ''),
    tag: put(`${ofRepository}/tags/latest`, asPusher, JSON.stringify(image.id)),
    images: put(`${ofRepository}/images`, asUser, '[]'),
  };
}

const HALF = ['half sent', 0.5, 30] as const;
/** With no delay the request is hardly read; after a few milliseconds its work is partly or fully done. */
const WHOLE = [
  ['sent, with none of its work done', 1, 0],
  ['sent, with some of its work done', 1, 4],
] as const;
const CASES = STEPS.flatMap((step) =>
  [
    HALF,
    ...(step === 'layer'
      ? ([
          ['begun', 0.02, 30],
          ['all but sent', 0.995, 30],
        ] as const)
      : []),
    ...WHOLE,
  ].map(([how, share, afterMs]) => ({ step, how, share, afterMs })),
);

it.each(someOf(CASES))(
  'after a kill while PUT $step is $how, a second push completes the image (R22)',
  async ({ step, how, share, afterMs }) => {
    const repository = `alice/${step}-${CASES.findIndex((other) => other.step === step && other.how === how)}`;
    const base = growChain([], 1, () => randomBytes(1000));
    const chain = growChain(base, 1, () => randomBytes(LAYER_BYTES));
    const before = engineClient(place.server.url, 'alice');
    await before.push(repository, base, ['base']);
    before.close();

    let token = '';
    for (const name of STEPS) {
      const request = stepsOf(repository, chain, token)[name];
      if (name === step) {
        await dieIn(request, share, afterMs);
        break;
      }
      const answer = await exchange(request);
      expect([name, answer.status]).toEqual([name, name === 'images' ? 204 : 200]);
      if (name === 'repository') token = answer.token;
    }

    await place.restart();
    const engine = engineClient(place.server.url, 'alice');
    await expect(engine.pull(repository, 'base')).resolves.toHaveLength(1);
    await engine.push(repository, chain, ['latest']);
    expect(differenceOf(await engine.pull(repository, 'latest'), chain)).toBeUndefined();
    expect(differenceOf(await engine.pull(repository, 'base'), base)).toBeUndefined();
    engine.close();
    expect(await expectBytesForEveryRow(place.database.db, place.blobDir)).toBeGreaterThan(1);
  },
);

const V2_STEPS = ['POST', 'PATCH', 'PUT', 'PUT with the blob', 'PUT manifest'] as const;
type V2Step = (typeof V2_STEPS)[number];

/** The requests of a push over v2 in their order: the layer in pieces, the config in one PUT, the manifest. */
function v2StepsOf(
  repository: string,
  { layer, config, locations }: { layer: Buffer; config: Buffer; locations: readonly string[] },
): Record<V2Step, Step> {
  const send = (
    method: Step['method'],
    path: string,
    body: Buffer | string = '',
    type = 'application/octet-stream',
  ) => ({
    method,
    path,
    headers: [`Authorization: ${basic('alice')}`, `Content-Type: ${type}`],
    body: Buffer.from(body),
  });
  const [ofLayer = '', ofConfig = ''] = locations;
  const described = (bytes: Buffer) => ({ mediaType: 'x/y', digest: digestOf(bytes), size: bytes.length });
  const manifest = JSON.stringify(imageOf(described(config), [described(layer)]));
  return {
    POST: send('POST', `/v2/${repository}/blobs/uploads/`),
    PATCH: { ...send('PATCH', ofLayer, layer), isChunked: true },
    PUT: send('PUT', `${ofLayer}?digest=${digestOf(layer)}`),
    'PUT with the blob': send('PUT', `${ofConfig}?digest=${digestOf(config)}`, config),
    'PUT manifest': send('PUT', `/v2/${repository}/manifests/latest`, manifest, OCI_MANIFEST),
  };
}

/** After a few milliseconds the bytes are hashed and moved, and their row is written or not. */
const V2_CASES = V2_STEPS.flatMap((step) => [
  ...(step === 'POST' || step === 'PUT' ? [] : [{ step, how: 'half sent', share: 0.5, afterMs: 30 }]),
  ...[0, 3, 8, 20].map((afterMs) => ({ step, how: `sent ${afterMs} ms before`, share: 1, afterMs })),
]);

describe('over v2', () => {
  async function pulled(path: string): Promise<Buffer | undefined> {
    const { status, body } = await asUser(place.server, 'get', path).buffer().parse(collect);
    return status === 200 ? (body as Buffer) : undefined;
  }

  it.each(someOf(V2_CASES))(
    'after a kill while $step is $how, a second push succeeds (R262)',
    async ({ step, how, share, afterMs }) => {
      const repository = `alice/v2-${V2_CASES.findIndex((other) => other.step === step && other.how === how)}`;
      const base = await pushImage(place.server, repository, 'base', { layer: randomBytes(1000) });
      const bytes = { layer: randomBytes(LAYER_BYTES), config: randomBytes(LAYER_BYTES) };
      const locations: string[] = [];
      for (const name of V2_STEPS) {
        const request = v2StepsOf(repository, { ...bytes, locations })[name];
        if (name === step) {
          await dieIn(request, share, afterMs);
          break;
        }
        const answer = await exchange(request);
        expect([name, answer.status]).toEqual([name, name === 'POST' || name === 'PATCH' ? 202 : 201]);
        if (name === 'POST') locations.push(answer.location, (await exchange(request)).location);
      }
      await place.restart();

      // The tag has the whole image or none, and each blob is whole or unknown.
      const manifest = await pulled(`/v2/${repository}/manifests/latest`);
      const stored = await Promise.all(
        [bytes.layer, bytes.config].map((each) => pulled(`/v2/${repository}/blobs/${digestOf(each)}`)),
      );
      for (const [index, blob] of stored.entries()) {
        if (blob !== undefined) expect(blob.equals([bytes.layer, bytes.config][index] as Buffer)).toBe(true);
        else expect(manifest).toBeUndefined();
      }
      expect(await pulled(`/v2/${repository}/blobs/${base.layer.digest}`)).toBeDefined();
      const { manifest: again } = await pushImage(place.server, repository, 'latest', { layer: bytes.layer });
      await asUser(place.server, 'get', `/v2/${repository}/manifests/${again.digest}`).expect(200);
      expect(await expectBytesForEveryRow(place.database.db, place.blobDir)).toBeGreaterThan(1);
    },
  );

  it('sweeps free what the kills have left (R262)', async () => {
    const blobs = new FilesystemBlobStore(place.blobDir);
    const ctx = createTestContext(place.database.db, { blobs });
    await ctx.db.raw(`update blob_uploads set created_at = now() - interval '2 hours'`);
    await sweep(ctx, 0, { deadAfterMs: 0, abandonedAfterMs: 0 });
    expect(await ctx.db('blob_uploads').pluck('id')).toEqual([]);
    expect(await filesBelow(place.blobDir, 'resumable')).toEqual([]);
    const keys = await ctx.db('blobs').pluck('storage_key');
    expect((await filesBelow(place.blobDir, 'sha256')).length).toBe(keys.length);
  });
});
