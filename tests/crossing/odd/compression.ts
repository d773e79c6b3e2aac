import { execFileSync } from 'node:child_process';
import { gunzipSync, gzipSync } from 'node:zlib';

/* Layers in every compression, by the programs that others use. */

/** Programs that Node has no module for. */
export type Compressor = 'xz' | 'bzip2' | 'zstd';

const MAGIC: readonly (readonly [Compressor, string])[] = [
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
  ['zstd', '28b52ffd'],
];

/** @throws Error when the program is not installed */
export function compressBy(program: Compressor, bytes: Buffer): Buffer {
  return execFileSync(program, ['-c'], { input: bytes });
}

/** The compression of a layer by its first bytes. */
export function compressionOf(layer: Buffer): Compressor | 'gzip' | 'none' {
  if (layer.subarray(0, 2).toString('hex') === '1f8b') return 'gzip';
  const found = MAGIC.find(([, magic]) => layer.toString('hex', 0, magic.length / 2) === magic);
  return found?.[0] ?? 'none';
}

/** The archive in a layer. */
export function uncompressed(layer: Buffer): Buffer {
  const compression = compressionOf(layer);
  if (compression === 'none') return layer;
  return compression === 'gzip' ? gunzipSync(layer) : execFileSync(compression, ['-dc'], { input: layer });
}

export const gzip = (bytes: Buffer): Buffer => gzipSync(bytes);
