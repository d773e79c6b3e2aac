import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors';

/**
 * Reads a small request body whole, whatever its content type says.
 *
 * @param limitBytes - at most this many
 * @throws AppError `too_large`; `invalid` when the client goes away in the middle
 */
export async function readBody(req: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const announced = Number(req.headers['content-length'] ?? 0);
  if (announced > limitBytes) throw tooLarge(limitBytes);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of bodyChunks(req)) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(limitBytes: number): AppError {
  return new AppError('too_large', `The request body is larger than ${limitBytes} bytes`);
}

/**
 * The body's bytes as they arrive.
 *
 * @throws AppError `invalid` when the client goes away in the middle
 */
export async function* bodyChunks(req: IncomingMessage): AsyncIterable<Buffer> {
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
