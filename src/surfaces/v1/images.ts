import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { networkOf } from '../../features/accounts/login-limits';
import { ancestryAsJson, getImage, getImageJson } from '../../features/images/images';
import type { Asker } from '../../features/images/inspection/inspection';
import { diffImage, listImageFiles } from '../../features/images/layer-listings';
import { getImageOrLink } from '../../features/images/linking';
import type { Image } from '../../features/images/image-by-id';
import { assertImageId } from '../../features/repositories/names';
import { AppError } from '../../platform/errors';
import { empty, jsonText, type Headers, type Reply } from '../../platform/http/exchange';
import type { V1Exchange, V1Handler } from './access';
import { substituteFor, varyFor } from './empty-layers';
import { imageHeaders } from './replies';

/** The image id in the path. */
export function imageIdOf({ params }: Pick<V1Exchange<'registry'>, 'params'>): string {
  const id = params['imageId'] ?? '';
  assertImageId(id);
  return id;
}

/** Whether the client has a copy. An image never changes, so a copy of any age is good (protocol 0.3). */
export function isUnmodified(req: IncomingMessage): boolean {
  return req.headers['if-modified-since'] !== undefined;
}

/** The checksum header had three names over time; engines read none of them, tools show them (protocol 4.2, A16). */
function sizeAndChecksums(req: IncomingMessage, image: Image): Headers {
  const size = { 'X-Docker-Size': substituteFor(image, req)?.length ?? image.layerSizeBytes };
  const { payloadChecksum } = image;
  if (payloadChecksum === undefined) return size;
  return {
    ...size,
    'X-Docker-Checksum': payloadChecksum,
    'X-Docker-Payload-Checksum': payloadChecksum,
    'X-Docker-Checksum-Payload': payloadChecksum,
  };
}

async function replyWithJson(ctx: Context, exchange: V1Exchange<'registry'>, image: Image): Promise<Reply> {
  const { req, caller } = exchange;
  const headers = { ...imageHeaders(caller, image), ...sizeAndChecksums(req, image), ...varyFor(image) };
  return isUnmodified(req) ? empty(304, headers) : jsonText(200, await getImageJson(ctx, image), headers);
}

/**
 * `GET /v1/images/<id>/json` (protocol 4.2). A pusher asks to learn whether to upload: the answer 200 may link the
 * image.
 */
export const getJson: V1Handler<'registry'> = async (ctx, exchange) =>
  replyWithJson(ctx, exchange, await getImageOrLink(ctx, exchange.caller, imageIdOf(exchange)));

/** `GET /v1/images/<id>/ancestry` (protocol 4.8): child first. */
export const getAncestryOf: V1Handler<'registry'> = async (ctx, exchange) => {
  const image = await getImage(ctx, exchange.caller, imageIdOf(exchange));
  const headers = imageHeaders(exchange.caller, image);
  return isUnmodified(exchange.req) ? empty(304, headers) : jsonText(200, await ancestryAsJson(ctx, image), headers);
};

function askerOf({ caller: actor, signal }: V1Exchange<'registry'>): Asker {
  return { actor, signal };
}

/** An answer of at most this size costs little memory, however slowly its client reads. */
const LONG_ANSWER = 1024 * 1024;

/** @throws AppError `busy` if too many long answers are being sent */
function longJson(ctx: Context, { caller }: V1Exchange<'registry'>, bytes: Buffer, headers: Headers): Reply {
  if (bytes.length <= LONG_ANSWER) return jsonText(200, bytes, headers);
  const body = ctx.heldAnswers.bodyOf(networkOf(caller.address), bytes);
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Content-Length': bytes.length, ...headers },
    body,
  };
}

/**
 * `GET /v1/images/<id>/diff` (protocol 4.9): the files that the layer adds to, changes in or deletes from its
 * ancestors.
 */
export const getDiff: V1Handler<'registry'> = async (ctx, exchange) => {
  const image = await getImage(ctx, exchange.caller, imageIdOf(exchange));
  const headers = imageHeaders(exchange.caller, image);
  if (isUnmodified(exchange.req)) return empty(304, headers);
  return longJson(ctx, exchange, await diffImage(ctx, askerOf(exchange), image), headers);
};

async function replyWithFiles(ctx: Context, exchange: V1Exchange<'registry'>, image: Image): Promise<Reply> {
  const headers = imageHeaders(exchange.caller, image);
  if (isUnmodified(exchange.req)) return empty(304, headers);
  return longJson(ctx, exchange, await listImageFiles(ctx, askerOf(exchange), image), headers);
}

/** `GET /v1/images/<id>/files` (protocol 4.9). */
export const getFiles: V1Handler<'registry'> = async (ctx, exchange) =>
  replyWithFiles(ctx, exchange, await getImage(ctx, exchange.caller, imageIdOf(exchange)));

/** The image, if it is in a private repository; other images are not found below `private_images` (protocol 4.10). */
export async function getPrivateImage(ctx: Context, exchange: V1Exchange<'registry'>): Promise<Image> {
  const image = await getImage(ctx, exchange.caller, imageIdOf(exchange));
  if (!image.isPrivate) throw new AppError('not_found', 'Image not found');
  return image;
}

/** `GET /v1/private_images/<id>/json` (protocol 4.10). */
export const getPrivateJson: V1Handler<'registry'> = async (ctx, exchange) =>
  replyWithJson(ctx, exchange, await getPrivateImage(ctx, exchange));

/** `GET /v1/private_images/<id>/files` (protocol 4.10). */
export const getPrivateFiles: V1Handler<'registry'> = async (ctx, exchange) =>
  replyWithFiles(ctx, exchange, await getPrivateImage(ctx, exchange));
