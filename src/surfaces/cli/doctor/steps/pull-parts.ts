import { failed, type Exchange } from '../failure';
import type { EngineRun, PulledImage } from '../engine-run';
import { OTHER_IMAGE } from '../parsed';
import type { PushedImage } from '../pushed-image';
import { shownBy } from '../readable-exchange';
import { headerOf } from '../../../../client/wire/answer';

/** The registry and the tag of a pull. */
export interface PullContext {
  readonly run: EngineRun;
  /** `http://host/v1/` */
  readonly url: string;
  readonly tag: string;
}

export type PulledJson = Pick<PulledImage, 'json' | 'sizeBytes'>;
type PulledLayer = Pick<PulledImage, 'layer' | 'acceptsRanges'>;

/** How often an engine requests a layer whose download breaks off. */
const LAYER_TRIES = 5;

/** `GET …/json` (protocol 4.2), and the size of the layer, which old engines require. */
export async function pullJson(context: PullContext, id: string): Promise<PulledJson> {
  const { run, url } = context;
  const exchange = await run.session.send({ method: 'GET', url: `${url}images/${id}/json`, auth: 'registry' });
  const { status, body, isCut } = exchange.answer;
  if (status !== 200) throw failed(exchange, '200', shownInPull(context, `HTTP code ${status}`));
  const size = headerOf(exchange.answer, 'X-Docker-Size');
  const isMissing = size === '' && !run.session.generation.needsSize;
  if (!isMissing && !/^[+-]?\d+$/.test(size)) {
    const detail = `strconv.ParseInt: parsing ${JSON.stringify(size)}: invalid syntax`;
    throw failed(exchange, 'the header X-Docker-Size: the bytes of the stored layer', shownInPull(context, detail));
  }
  const { json, derived } = pushedImage(run, id);
  const isPushed = derived ? derived.fits(body) : body.equals(json);
  if (isCut || !isPushed) throw failed(exchange, derived?.needed ?? 'the json as it was pushed', OTHER_IMAGE);
  return { json: exchange, sizeBytes: isMissing ? -1 : Number(size) };
}

/** `GET …/layer` (protocol 4.4), resumed where it broke off if this engine can do that. */
export async function pullLayer(context: PullContext, id: string, sizeBytes: number): Promise<PulledLayer> {
  const { generation } = context.run.session;
  const head = generation.headsLayers ? await headLayer(context, id) : undefined;
  let received = Buffer.alloc(0);
  for (let tries = 1; ; tries += 1) {
    const exchange = await getLayer(context, id, received.length, sizeBytes);
    assertLayerStatus(context, id, exchange, received.length);
    received = Buffer.concat([received, exchange.answer.body]);
    const layer = head ?? exchange;
    const acceptsRanges = headerOf(layer.answer, 'Accept-Ranges') === 'bytes';
    if (!exchange.answer.isCut) {
      assertLayer(context, id, exchange, received, sizeBytes);
      return { layer, acceptsRanges };
    }
    const canResume = generation.cutLayer !== 'fatal' && acceptsRanges && sizeBytes > 0;
    const canRestart = generation.cutLayer === 'resumes or restarts';
    if (tries === LAYER_TRIES || !(canResume || canRestart)) {
      throw failed(exchange, 'the whole layer', shownInPull(context, 'unexpected EOF'));
    }
    if (!canResume) received = Buffer.alloc(0);
  }
}

/** The HEAD of 0.12 to 1.1, which ask whether the server accepts ranges; they ignore its status. */
function headLayer({ run, url }: PullContext, id: string): Promise<Exchange> {
  return run.session.send({ method: 'HEAD', url: `${url}images/${id}/layer`, auth: 'registry' });
}

/** Requests a layer from a byte on: in every engine the range ends with the size, which is one past the last byte. */
export function getLayer({ run, url }: PullContext, id: string, from: number, sizeBytes: number): Promise<Exchange> {
  const headers = from > 0 ? [['Range', `bytes=${from}-${sizeBytes}`] as const] : [];
  return run.session.send({ method: 'GET', url: `${url}images/${id}/layer`, auth: 'registry', headers });
}

/** Expects 200 for a whole layer, 206 for the rest of one. */
export function assertLayerStatus(context: PullContext, id: string, exchange: Exchange, from: number): void {
  const { status } = exchange.answer;
  if (status === (from > 0 ? 206 : 200)) return;
  if (from > 0) throw failed(exchange, '206', shownInPull(context, "the server doesn't support byte ranges"));
  throw failed(
    exchange,
    '200',
    shownInPull(context, `Server error: Status ${status} while fetching image layer (${id})`),
  );
}

function assertLayer(context: PullContext, id: string, exchange: Exchange, layer: Buffer, sizeBytes: number): void {
  const { run } = context;
  if (run.session.generation.smallSizePanics && sizeBytes >= 0 && sizeBytes < layer.length) {
    const needed = `X-Docker-Size on the json not below the ${layer.length} bytes of the layer; it was ${sizeBytes}`;
    throw failed(exchange, needed, 'the daemon panics ("strings: negative Repeat count") and dies');
  }
  if (layer.length === 0) throw failed(exchange, 'a layer that is not empty', shownInPull(context, 'EOF'));
  if (!layer.equals(pushedImage(run, id).layer)) throw failed(exchange, 'the layer as it was pushed', OTHER_IMAGE);
}

function pushedImage({ pushed }: EngineRun, id: string): PushedImage {
  const image = pushed.images.find((each) => each.id === id);
  if (!image) throw new Error(`an image that was never pushed: ${id}`);
  return image;
}

/** What the user sees if a pull stops at an image. */
export function shownInPull({ run, tag }: PullContext, detail: string): string {
  return shownBy(run.session.generation).pull(run.repository, tag, detail);
}
