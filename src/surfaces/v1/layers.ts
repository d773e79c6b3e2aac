import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import type { Image } from '../../features/images/image-by-id';
import { assertLayerWhole, getImage, handOverLayer, openLayer } from '../../features/images/images';
import { empty, type Headers, type Reply } from '../../platform/http/exchange';
import { replyWithBytes, type Elsewhere } from '../../platform/http/stored-bytes';
import type { V1Exchange, V1Handler } from './access';
import { substituteFor, varyFor } from './empty-layers';
import { isEngine } from './engine';
import { getPrivateImage, imageIdOf, isUnmodified } from './images';
import { imageHeaders } from './replies';
import { headerOf } from './requests';

/**
 * An engine without the header of a proxy came here directly, through the loopback port or the legacy listener. It
 * would take the answer for nginx for an empty layer.
 */
function isDirect(req: IncomingMessage): boolean {
  return isEngine(headerOf(req, 'user-agent')) && req.headers['x-forwarded-for'] === undefined;
}

/** Who else may send a layer. All engines follow a redirect, and other clients may not expect one. */
function elsewhereFor(
  { settings }: Context,
  req: IncomingMessage,
  handOver: Elsewhere['handOver'],
): Elsewhere | undefined {
  const accelPrefix = isDirect(req) ? undefined : settings.accelPrefix;
  const redirectStatus = settings.redirects && isEngine(headerOf(req, 'user-agent')) ? 302 : undefined;
  const isNobody = accelPrefix === undefined && redirectStatus === undefined;
  return isNobody ? undefined : { accelPrefix, redirectStatus, handOver };
}

/**
 * Answers with the stored bytes of a layer (protocol 4.4). A HEAD gets the same headers, because docker 0.12 to 1.1 look
 * there for `Accept-Ranges`.
 */
async function replyWithLayer(ctx: Context, exchange: V1Exchange<'registry'>, image: Image): Promise<Reply> {
  const { req, caller } = exchange;
  const substitute = substituteFor(image, req);
  const headers: Headers = {
    ...imageHeaders(caller, image),
    'Content-Type': 'application/octet-stream',
    ...varyFor(image),
  };
  if (isUnmodified(req)) return empty(304, { ...headers, 'Accept-Ranges': 'bytes' });
  assertLayerWhole(image);
  return replyWithBytes(req, {
    sizeBytes: substitute?.length ?? image.layerSizeBytes,
    headers,
    open: async (part) => substitute?.subarray(part?.start, part && part.end + 1) ?? openLayer(ctx, image, part),
    elsewhere: substitute === undefined ? elsewhereFor(ctx, req, () => handOverLayer(ctx, image)) : undefined,
  });
}

/** `GET /v1/images/<id>/layer` (protocol 4.4). */
export const getLayer: V1Handler<'registry'> = async (ctx, exchange) =>
  replyWithLayer(ctx, exchange, await getImage(ctx, exchange.caller, imageIdOf(exchange)));

/** `GET /v1/private_images/<id>/layer` (protocol 4.10). */
export const getPrivateLayer: V1Handler<'registry'> = async (ctx, exchange) =>
  replyWithLayer(ctx, exchange, await getPrivateImage(ctx, exchange));
