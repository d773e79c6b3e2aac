import { createHash } from 'node:crypto';

/** What a store lists, in order. */
export type Listed = () => Promise<{ key: string; sizeBytes: number }[]>;

/** Reads a blob, or a range of it. */
export type ReadAll = (key: string, range?: { start: number; end: number }) => Promise<Buffer>;

/** The bytes in pieces. */
export async function* chunksOf(bytes: Buffer, size = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

/** The bytes in pieces, and then an error. */
export async function* failingAfter(bytes: Buffer, error: Error): AsyncGenerator<Buffer> {
  yield* chunksOf(bytes);
  throw error;
}

/** All that a stream gives. */
export async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** `sha256:<64 lower hex>`. */
export const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
