import type { Endpoint } from '../endpoints';
import { failed } from '../failure';
import type { EngineRun } from '../engine-run';
import type { PushedImage } from '../pushed-image';
import { shownBy } from '../readable-exchange';
import type { Header } from '../../../../client/wire/answer';
import { pushedTag } from './push-tags';

/** `tags only`: fails if the server asks for an image again. */
export type PushMode = 'everything' | 'tags only';

/** As recorded: the first write of a gzip header and file, then a block of the tar, then small flushes. */
const CHUNK_BYTES = [74, 3082, 41, 31, 29] as const;

/** Pushes everything to one registry (protocol 10.3, steps 2 to 6). Collects the checksums of the uploaded images. */
export async function pushImages(
  run: EngineRun,
  endpoint: Endpoint,
  mode: PushMode,
  checksums: Map<string, string>,
): Promise<void> {
  const { images } = run.pushed;
  const asks = (image: PushedImage): Promise<boolean> => lookUp(run, endpoint, image, mode);
  const known = run.session.generation.lookups === 'all first' ? await Promise.all(images.map(asks)) : [];
  for (const [position, image] of images.entries()) {
    const isThere = known[position] ?? (await asks(image));
    if (!isThere && (await uploadImage(run, endpoint, image))) checksums.set(image.id, image.tarsum);
    const tag = pushedTag(run, image);
    if (tag !== undefined) await putTag(run, endpoint, tag, image);
  }
}

/** Whether the server has the image; any answer other than 200 means no. */
async function lookUp(run: EngineRun, { url }: Endpoint, { id }: PushedImage, mode: PushMode): Promise<boolean> {
  const exchange = await run.session.send({ method: 'GET', url: `${url}images/${id}/json`, auth: 'registry' });
  if (exchange.answer.status === 200) return true;
  if (mode === 'everything') return false;
  throw failed(exchange, '200: the image was pushed a moment ago', 'no error, but the whole image goes up again');
}

/**
 * Uploads json, layer and checksum (protocol 4.3, 4.5, 4.6); false if the answer to the json says that the image
 * exists.
 */
async function uploadImage(run: EngineRun, { url }: Endpoint, image: PushedImage): Promise<boolean> {
  const shown = shownBy(run.session.generation);
  const put = (part: string, headers: readonly Header[], content: { body?: Buffer; chunks?: Buffer[] } = {}) =>
    run.session.send({ method: 'PUT', url: `${url}images/${image.id}/${part}`, auth: 'registry', headers, ...content });

  const json = await put('json', [['Content-Type', 'application/json']], { body: image.json });
  if (saysAlreadyExists(json.answer.body)) return false;
  if (json.answer.status !== 200) throw failed(json, '200', shown.putJson(json.answer, run.session.isOverHttp));

  const layerHeaders: Header[] = run.session.generation.layerContentType
    ? [['Content-Type', 'application/octet-stream']]
    : [];
  const layer = await put('layer', layerHeaders, { chunks: inChunks(image.layer) });
  if (layer.answer.status !== 200) throw failed(layer, '200', shown.putLayer(layer.answer));

  const sums: Header[] = [['X-Docker-Checksum', image.tarsum]];
  if (image.payload !== undefined) sums.push(['X-Docker-Checksum-Payload', image.payload]);
  const checksum = await put('checksum', sums);
  if (saysAlreadyExists(checksum.answer.body)) return true;
  if (checksum.answer.status !== 200)
    throw failed(checksum, '200', shown.putJson(checksum.answer, run.session.isOverHttp));
  return true;
}

/**
 * Whether the answer means that the image exists: the text decides, not the status, and every value of the object must
 * be a string (protocol 0.3).
 */
function saysAlreadyExists(body: Buffer): boolean {
  try {
    const answer: unknown = JSON.parse(body.toString());
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return false;
    const isFlat = Object.values(answer).every((value) => typeof value === 'string');
    return isFlat && (answer as { error?: unknown }).error === 'Image already exists';
  } catch {
    return false;
  }
}

function inChunks(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = CHUNK_BYTES[turn % CHUNK_BYTES.length] ?? bytes.length;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** `PUT …/tags/<tag>` (protocol 4.7). */
async function putTag(run: EngineRun, { url }: Endpoint, tag: string, { id }: PushedImage): Promise<void> {
  const exchange = await run.session.send({
    method: 'PUT',
    url: `${url}repositories/${run.repository}/tags/${tag}`,
    auth: 'registry',
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(JSON.stringify(id)),
  });
  const { answer } = exchange;
  if (answer.status === 200 || answer.status === 201) return;
  throw failed(exchange, '200 or 201', shownBy(run.session.generation).putTag(run.repository, tag, answer));
}
