import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { handOverLayer } from '../../features/images/images';
import type { Image } from '../../features/images/image-by-id';
import { isEngine } from './engine';
import { empty, type Headers, type Reply } from '../../platform/http/exchange';
import { headerOf } from './requests';

/*
 * Layers that nginx sends instead of us (protocol 4.4): the answer names the file in `X-Accel-Redirect` and has no
 * body. nginx must answer exactly as we would. So it gets only plain requests, and only ranges that it reads as we do
 * and that we have already found satisfiable. We answer everything else ourselves, through nginx.
 */

/** `first-last` and `first-`: the ranges that engines send. nginx answers others differently from us, or not at all. */
const PLAIN_RANGE = /^bytes=\d{1,15}-\d{0,15}$/;

/** Headers that we ignore and nginx does not. */
const CONDITIONS = ['if-match', 'if-none-match', 'if-range', 'if-unmodified-since'] as const;

/**
 * An engine without the header of a proxy came here directly, through the loopback port or the legacy listener. It
 * would take the answer for nginx for an empty layer.
 */
function isDirect(req: IncomingMessage): boolean {
  return isEngine(headerOf(req, 'user-agent')) && req.headers['x-forwarded-for'] === undefined;
}

function isForNginx(req: IncomingMessage, isPart: boolean): boolean {
  const range = headerOf(req, 'range');
  if (req.method !== 'GET' || CONDITIONS.some((name) => req.headers[name] !== undefined)) return false;
  return (range === undefined || (isPart && PLAIN_RANGE.test(range))) && !isDirect(req);
}

/**
 * The answer that makes nginx send the layer, or the range of it that the request asks for.
 *
 * @param headers - of the layer; nginx itself adds length and range, and `Accept-Ranges` to a whole file
 * @param isPart - the request has a range, and it is satisfiable
 * @returns undefined if we must send the bytes ourselves
 * @throws AppError `unavailable` if the layer is damaged
 */
export async function offload(
  ctx: Context,
  req: IncomingMessage,
  image: Image,
  headers: Headers,
  isPart: boolean,
): Promise<Reply | undefined> {
  const { accelPrefix } = ctx.settings;
  if (accelPrefix === undefined || !isForNginx(req, isPart)) return undefined;
  const handover = await handOverLayer(ctx, image);
  if (handover === undefined) return undefined;
  const ranges = isPart ? { 'Accept-Ranges': 'bytes' } : {};
  return empty(200, { ...headers, ...ranges, 'X-Accel-Redirect': `${accelPrefix}${handover.path}` });
}
