import type { IncomingMessage } from 'node:http';
import type { ByteSource } from '../bytes/byte-source';
import { empty, type Headers, type Reply } from './exchange';
import { readRange } from './ranges';

/** The first and the last byte, both included. */
interface Part {
  readonly start: number;
  readonly end: number;
}

/*
 * nginx may send bytes instead of us (protocol 4.4): the answer names the file in `X-Accel-Redirect` and has no body.
 * nginx must answer exactly as we would. So it gets only plain requests, and only ranges that it reads as we do and that
 * we have already found satisfiable. We answer everything else ourselves, through nginx.
 */

/** A way to the bytes for nginx. */
interface Accel {
  /** `DRYDOCK_ACCEL_PREFIX` */
  readonly prefix: string;
  /** Finds the path of the bytes below the prefix; undefined: there is none, and we send them. */
  readonly handOver: () => Promise<{ readonly path: string } | undefined>;
}

/** Bytes that a client may download whole or in part. */
export interface StoredBytes {
  readonly sizeBytes: number;
  /** The headers of every answer that has the bytes. */
  readonly headers: Headers;
  /** Opens the bytes; undefined: all of them. */
  readonly open: (part: Part | undefined) => Promise<Buffer | ByteSource>;
  /** How an nginx in front of us can send the bytes; undefined: we send them. */
  readonly accel: Accel | undefined;
}

/** `first-last` and `first-`: what clients send. nginx answers other kinds differently, or not at all. */
const PLAIN_RANGE = /^bytes=\d{1,15}-\d{0,15}$/;

/** We ignore these, and nginx does not. */
const CONDITIONS = ['if-match', 'if-none-match', 'if-range', 'if-unmodified-since'] as const;

/** Whether nginx would answer the request as we do. The range, if there is one, was found to be good. */
function suitsNginx(req: IncomingMessage, part: Part | undefined): boolean {
  const { range } = req.headers;
  if (req.method !== 'GET' || CONDITIONS.some((name) => req.headers[name] !== undefined)) return false;
  return range === undefined || (part !== undefined && PLAIN_RANGE.test(range));
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
  const { accel } = bytes;
  const file = suitsNginx(req, part) ? await accel?.handOver() : undefined;
  if (accel === undefined || file === undefined) return { status, headers, body: await bytes.open(part) };
  // nginx itself adds the length and the range, and to a whole file that it has ranges.
  const ranges: Headers = part === undefined ? {} : { 'Accept-Ranges': 'bytes' };
  return empty(200, { ...described, ...ranges, 'X-Accel-Redirect': `${accel.prefix}${file.path}` });
}
