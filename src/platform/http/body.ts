import type { IncomingMessage } from 'node:http';
import { countReceived } from '../bytes/young-garbage';
import { AppError } from '../errors';
import { letBodyCome } from './continue';
import { requestState } from './request-state';

/**
 * Reads a small request body whole, whatever its content type says. A client that takes too long over it is cut off.
 *
 * @param limitBytes - at most this many
 * @throws AppError `too_large`; `invalid` when the client goes away in the middle, or is cut off
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

/**
 * The body's bytes as they arrive, for as long as some do: a client that falls silent is cut off.
 *
 * @throws AppError `invalid` when the client goes away in the middle, or is cut off
 */
export async function* bodyChunks(req: IncomingMessage): AsyncIterable<Buffer> {
  let isOurTurn = false;
  const silence = setTimeout(() => {
    // Whoever waits for a slow disk of ours is not silent. Nor is the socket's own time-out of use: it would end a
    // request whose body is there already.
    if (!isOurTurn) req.destroy();
  }, requestState(req).timeouts.idleBodyMs);
  try {
    for await (const chunk of chunksOf(req)) {
      isOurTurn = true;
      countReceived(chunk.length);
      yield chunk;
      isOurTurn = false;
      silence.refresh();
    }
  } finally {
    clearTimeout(silence);
  }
}

async function* chunksOf(req: IncomingMessage): AsyncIterable<Buffer> {
  letBodyCome(req);
  try {
    // Whoever stops early leaves the rest for `send` to drain; the iterator would otherwise destroy the request.
    for await (const chunk of req.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch (error) {
    throw new AppError('invalid', 'The request body ended too early', { cause: error });
  }
  if (!req.complete) throw new AppError('invalid', 'The request body ended too early');
}

/**
 * Reads JSON, whatever the content type says.
 *
 * @returns undefined when the bytes are no JSON in UTF-8
 */
export function parseJson(bytes: Buffer): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    return undefined;
  }
}
