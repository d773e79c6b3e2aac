import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { handOverLayer } from '../../features/images/images';
import type { Image } from '../../features/images/image-by-id';
import { isEngine } from './engine';
import { empty, type Headers, type Reply } from '../../platform/http/exchange';
import { headerOf } from './requests';

/*
 * Layers that nginx sends in our place (protocol 4.4): the answer names the file in `X-Accel-Redirect` and has no body.
 * What nginx makes of a request must be what we would: so it gets plain requests, and the only ranges that both of us
 * read in the same way, ours having been found good before. We answer everything else ourselves, through nginx.
 */

/** `first-last` and `first-`: what engines send. nginx answers other kinds otherwise than we do, or not at all. */
const PLAIN_RANGE = /^bytes=\d{1,15}-\d{0,15}$/;

/** We take no notice of these, and nginx does. */
const CONDITIONS = ['if-match', 'if-none-match', 'if-range', 'if-unmodified-since'] as const;

/**
 * An engine that no proxy speaks for came here directly, by the port on the loopback or the legacy door: it would take
 * the answer that is meant for nginx for an empty layer.
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
 * The answer that has nginx send the layer, or the range of it that the request asks for.
 *
 * @param headers - of the layer; nginx itself adds its length and range, and to a whole file that it has ranges
 * @param isPart - the request has a range, and it is a good one
 * @returns undefined when the bytes must come from us
 * @throws AppError `unavailable` when the layer is damaged
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
