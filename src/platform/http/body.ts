import type { IncomingMessage } from 'node:http';
import { GatheredBytes } from '../bytes/gathered-bytes';
import { AppError } from '../errors';
import { letBodyCome } from './continue';
import { requestState } from './request-state';

/**
 * Reads a whole small request body, regardless of its content type. A client that takes too long is cut off.
 *
 * @param limitBytes - the largest allowed body
 * @throws AppError `too_large`; `invalid` when the client goes away before the end, or is cut off
 */
export async function readBody(req: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const announced = Number(req.headers['content-length'] ?? 0);
  if (announced > limitBytes) throw tooLarge(limitBytes);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const deadline = setTimeout(() => req.destroy(), requestState(req).timeouts.smallBodyMs);
  try {
    for await (const chunk of chunksOf(req)) {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) throw tooLarge(limitBytes);
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(deadline);
  }
  return Buffer.concat(chunks);
}

function tooLarge(limitBytes: number): AppError {
  return new AppError('too_large', `The request body is larger than ${limitBytes} bytes`);
}

/** Whether the request has a body of at least one byte, or one of unknown length. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Yields the body's bytes as they arrive, several chunks at once. They are valid until the next ones are requested,
 * unless the reader claims them (`claimBatch`). A client that stops sending is cut off.
 *
 * @throws AppError `invalid` when the client goes away before the end, or is cut off
 */
export async function* bodyChunks(req: IncomingMessage): AsyncIterable<Buffer> {
  let isOurTurn = false;
  const silence = setTimeout(() => {
    // A client that waits for our slow disk has not stopped sending. The socket's own timeout does not help either: it
    // would end a request whose body has already arrived.
    if (!isOurTurn) req.destroy();
  }, requestState(req).timeouts.idleBodyMs);
  const body = new GatheredBytes(req);
  const next = async (): Promise<Buffer | undefined> => body.next().catch(throwBrokenOff);
  try {
    letBodyCome(req);
    for (let bytes = await next(); bytes !== undefined; bytes = await next()) {
      isOurTurn = true;
      yield bytes;
      isOurTurn = false;
      silence.refresh();
    }
    if (!req.complete) throwBrokenOff();
  } finally {
    clearTimeout(silence);
    body.close();
  }
}

/** The chunks of a small body. */
async function* chunksOf(req: IncomingMessage): AsyncIterable<Buffer> {
  letBodyCome(req);
  try {
    // A reader that stops early leaves the rest to `send`; otherwise the iterator would destroy the request.
    for await (const chunk of req.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch (error) {
    throwBrokenOff(error);
  }
  if (!req.complete) throwBrokenOff();
}

function throwBrokenOff(cause?: unknown): never {
  throw new AppError('invalid', 'The request body ended too early', { cause });
}

/**
 * Reads JSON, regardless of the content type.
 *
 * @returns undefined when the bytes are not JSON in UTF-8
 */
export function parseJson(bytes: Buffer): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    return undefined;
  }
}
