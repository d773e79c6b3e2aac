/** How a layer is compressed. */
export type Compression = 'none' | 'gzip' | 'xz' | 'bzip2' | 'zstd';

/** Says that compressed bytes cannot be unpacked. */
export function damageIn(compression: Compression): string {
  return `damaged ${compression} data`;
}

/** zstd may begin with frames to be skipped, whose magic bytes have a free digit. */
const SKIPPABLE = Array.from({ length: 16 }, (_, digit) => Buffer.from([0x50 + digit, 0x2a, 0x4d, 0x18]));

/** Magic bytes, as the clients sniff them on pull. */
const MAGICS: readonly { readonly name: Compression; readonly magic: Buffer }[] = [
  { name: 'gzip', magic: Buffer.from('1f8b08', 'hex') },
  { name: 'xz', magic: Buffer.from('fd377a585a00', 'hex') },
  { name: 'bzip2', magic: Buffer.from('425a68', 'hex') },
  { name: 'zstd', magic: Buffer.from('28b52ffd', 'hex') },
  ...SKIPPABLE.map((magic) => ({ name: 'zstd' as const, magic })),
];

/** How many of its first bytes say how a layer is compressed. */
export const LONGEST_MAGIC = Math.max(...MAGICS.map(({ magic }) => magic.length));

/** @param head - the first bytes of the layer; all of them if it is shorter than the longest magic */
export function compressionOf(head: Buffer): Compression {
  return MAGICS.find(({ magic }) => head.subarray(0, magic.length).equals(magic))?.name ?? 'none';
}
