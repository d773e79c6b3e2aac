import { putChecksum as takeChecksum } from '../../features/images/checksums';
import { assertPusher } from '../../features/images/image-by-id';
import { getUploadForLayer, putImageJson, storeLayer } from '../../features/images/uploads';
import { AppError } from '../../platform/errors';
import { bodyChunks, readBody } from '../../platform/http/body';
import { json } from '../../platform/http/exchange';
import type { V1Exchange, V1Handler } from './access';
import { imageIdOf } from './images';
import { headerOf, LIMITS } from './requests';
import type { IncomingMessage } from 'node:http';

async function readImageJsonBody(req: IncomingMessage): Promise<Buffer> {
  try {
    return await readBody(req, LIMITS.imageJson);
  } catch (error) {
    const isTooLarge = error instanceof AppError && error.code === 'too_large';
    throw isTooLarge ? new AppError('invalid', 'Invalid JSON', { cause: error }) : error;
  }
}

/** The id of the image to push. The pusher is checked before the id (protocol 4.3, checks 1 and 2). */
function pushedIdOf(exchange: V1Exchange<'registry'>): string {
  assertPusher(exchange.caller);
  return imageIdOf(exchange);
}

/** `PUT /v1/images/<id>/json` (protocol 4.3). */
export const putJson: V1Handler<'registry'> = async (ctx, exchange) => {
  const imageId = pushedIdOf(exchange);
  await putImageJson(ctx, exchange.caller, imageId, () => readImageJsonBody(exchange.req));
  return json(200, true);
};

/**
 * `PUT /v1/images/<id>/layer` (protocol 4.5): chunked, of any length. A refusal comes before the first byte is read.
 */
export const putLayer: V1Handler<'registry'> = async (ctx, exchange) => {
  const upload = await getUploadForLayer(ctx, exchange.caller, pushedIdOf(exchange));
  await storeLayer(ctx, exchange.caller, upload, bodyChunks(exchange.req));
  return json(200, true);
};

/** `PUT /v1/images/<id>/checksum` (protocol 4.6). */
export const putChecksum: V1Handler<'registry'> = async (ctx, exchange) => {
  const { caller: actor, signal } = exchange;
  await takeChecksum(ctx, { actor, signal }, pushedIdOf(exchange), {
    payload: headerOf(exchange.req, 'x-docker-checksum-payload'),
    tarsum: headerOf(exchange.req, 'x-docker-checksum'),
  });
  return json(200, true);
};
