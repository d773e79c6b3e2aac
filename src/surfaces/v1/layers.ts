import type { Context } from '../../context';
import { assertLayerWhole, getImage, openLayer } from '../../features/images/images';
import type { Image } from '../../features/images/image-by-id';
import { empty, type Headers, type Reply } from '../../platform/http/exchange';
import { readRange } from '../../platform/http/ranges';
import type { V1Exchange, V1Handler } from './access';
import { getPrivateImage, imageIdOf, isUnmodified } from './images';
import { substituteFor, varyFor } from './empty-layers';
import { offload } from './layer-offload';
import { imageHeaders } from './replies';
import { headerOf } from './requests';

/**
 * Answers with the stored bytes, never encoded or transformed: sizes, checksums and resumed downloads all refer to them
 * (protocol 4.4). A HEAD gets the same headers, because docker 0.12 to 1.1 look there for `Accept-Ranges`.
 */
async function replyWithLayer(ctx: Context, exchange: V1Exchange<'registry'>, image: Image): Promise<Reply> {
  const { req, caller } = exchange;
  const substitute = substituteFor(image, req);
  const sizeBytes = substitute?.length ?? image.layerSizeBytes;
  const described: Headers = {
    ...imageHeaders(caller, image),
    'Content-Type': 'application/octet-stream',
    ...varyFor(image),
  };
  const common: Headers = { ...described, 'Accept-Ranges': 'bytes' };
  if (isUnmodified(req)) return empty(304, common);
  assertLayerWhole(image);
  // Only a GET has ranges (RFC 7233, 3.1).
  const range = readRange(req.method === 'GET' ? headerOf(req, 'range') : undefined, sizeBytes);
  if (range.kind === 'unsatisfiable' && sizeBytes > 0) {
    return empty(416, { 'Accept-Ranges': 'bytes', 'Content-Range': `bytes */${sizeBytes}` });
  }
  const part = range.kind === 'part' ? { start: range.start, end: range.end } : undefined;
  const headers: Headers = {
    ...common,
    'Content-Length': part === undefined ? sizeBytes : part.end - part.start + 1,
    ...(part === undefined ? {} : { 'Content-Range': `bytes ${part.start}-${part.end}/${sizeBytes}` }),
  };
  const status = part === undefined ? 200 : 206;
  if (req.method === 'HEAD' || sizeBytes === 0) return empty(status, headers);
  const handedOver =
    substitute === undefined ? await offload(ctx, req, image, described, part !== undefined) : undefined;
  if (handedOver !== undefined) return handedOver;
  const body = substitute?.subarray(part?.start, part && part.end + 1) ?? (await openLayer(ctx, image, part));
  return { status, headers, body };
}

/** `GET /v1/images/<id>/layer` (protocol 4.4). */
export const getLayer: V1Handler<'registry'> = async (ctx, exchange) =>
  replyWithLayer(ctx, exchange, await getImage(ctx, exchange.caller, imageIdOf(exchange)));

/** `GET /v1/private_images/<id>/layer` (protocol 4.10). */
export const getPrivateLayer: V1Handler<'registry'> = async (ctx, exchange) =>
  replyWithLayer(ctx, exchange, await getPrivateImage(ctx, exchange));
