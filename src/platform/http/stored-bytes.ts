import type { IncomingMessage } from 'node:http';
import type { ByteSource } from '../bytes/byte-source';
import { empty, type Headers, type Reply } from './exchange';
import { hostOf } from './host';
import { readRange } from './ranges';

/** The first and the last byte, both included. */
interface Part {
  readonly start: number;
  readonly end: number;
}

/*
 * nginx may send bytes instead of us (protocol 4.4): the answer names the file in `X-Accel-Redirect` and has no body. Or the
 * store does, to which the answer redirects. Both must answer exactly as we would. So they get only plain requests, and only
 * ranges that they read as we do and that we have already found satisfiable. We answer everything else ourselves.
 */

/** A file below a prefix that nginx knows, or a URL of the store. */
type Handover = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'url'; readonly url: string };

/** How others can send the bytes for a request. */
export interface Elsewhere {
  /** `DRYDOCK_ACCEL_PREFIX`; undefined: no nginx waits for this answer */
  readonly accelPrefix: string | undefined;
  /** of a redirect that the client follows; undefined: it may not */
  readonly redirectStatus: 302 | 307 | undefined;
  /** Finds who has the bytes; undefined: only we do. */
  readonly handOver: () => Promise<Handover | undefined>;
}

/** Bytes that a client may download whole or in part. */
export interface StoredBytes {
  readonly sizeBytes: number;
  /** The headers of every answer that has the bytes. */
  readonly headers: Headers;
  /** Opens the bytes; undefined: all of them. */
  readonly open: (part: Part | undefined) => Promise<Buffer | ByteSource>;
  /** undefined: we send them ourselves */
  readonly elsewhere: Elsewhere | undefined;
}

/** `first-last` and `first-`: what clients send. nginx answers other kinds differently, or not at all. */
const PLAIN_RANGE = /^bytes=\d{1,15}-\d{0,15}$/;

/** We ignore these, and others do not. */
const CONDITIONS = ['if-match', 'if-none-match', 'if-range', 'if-unmodified-since'] as const;

/** Whether others would answer the request as we do. The range, if there is one, was found to be good. */
function suitsOthers(req: IncomingMessage, part: Part | undefined): boolean {
  const { range } = req.headers;
  if (req.method !== 'GET' || CONDITIONS.some((name) => req.headers[name] !== undefined)) return false;
  return range === undefined || (part !== undefined && PLAIN_RANGE.test(range));
}

/**
 * Whether the URL is at the host of the request, or below it: some clients would send their Authorization there as well, and
 * the store refuses a request with two (bridge 12).
 */
function isAtOwnHost(req: IncomingMessage, url: string): boolean {
  const own = hostOf(req)?.replace(/:\d+$/, '');
  const { hostname } = new URL(url);
  return own === undefined || hostname === own || hostname.endsWith(`.${own}`);
}

/** The answer that makes others send the bytes; undefined: they cannot. */
async function replyElsewhere(
  req: IncomingMessage,
  { headers, elsewhere }: StoredBytes,
  part: Part | undefined,
): Promise<Reply | undefined> {
  if (elsewhere === undefined || !suitsOthers(req, part)) return undefined;
  const { accelPrefix, redirectStatus } = elsewhere;
  const handover = await elsewhere.handOver();
  if (handover?.kind === 'file' && accelPrefix !== undefined) {
    // nginx itself adds the length and the range, and to a whole file that it has ranges.
    const ranges: Headers = part === undefined ? {} : { 'Accept-Ranges': 'bytes' };
    return empty(200, { ...headers, ...ranges, 'X-Accel-Redirect': `${accelPrefix}${handover.path}` });
  }
  if (handover?.kind !== 'url' || redirectStatus === undefined || isAtOwnHost(req, handover.url)) return undefined;
  return empty(redirectStatus, { Location: handover.url, 'Cache-Control': 'private, no-store' });
}

/** The bytes do not begin where the client wants to go on. */
function unsatisfiable(sizeBytes: number): Reply {
  return empty(416, { 'Accept-Ranges': 'bytes', 'Content-Range': `bytes */${sizeBytes}` });
}

/**
 * Answers a GET or HEAD of stored bytes: 200 with all of them, 206 with the range that the request asks for, or 416. The
 * bytes are never encoded or transformed, because sizes, digests and resumed downloads refer to them.
 */
export async function replyWithBytes(req: IncomingMessage, bytes: StoredBytes): Promise<Reply> {
  const { sizeBytes, headers: described } = bytes;
  // Only a GET has ranges (RFC 7233, 3.1).
  const range = readRange(req.method === 'GET' ? req.headers.range : undefined, sizeBytes);
  if (range.kind === 'unsatisfiable' && sizeBytes > 0) return unsatisfiable(sizeBytes);
  const part = range.kind === 'part' ? { start: range.start, end: range.end } : undefined;
  const headers: Headers = {
    ...described,
    'Accept-Ranges': 'bytes',
    'Content-Length': part === undefined ? sizeBytes : part.end - part.start + 1,
    ...(part === undefined ? {} : { 'Content-Range': `bytes ${part.start}-${part.end}/${sizeBytes}` }),
  };
  const status = part === undefined ? 200 : 206;
  if (req.method === 'HEAD' || sizeBytes === 0) return empty(status, headers);
  return (await replyElsewhere(req, bytes, part)) ?? { status, headers, body: await bytes.open(part) };
}
