import { ByteReader } from './byte-reader';
import { applyPax, parsePax, paxSparse, paxXattrs, type PaxRecords } from './pax-records';
import { TarError } from './tar-error';
import { BLOCK_BYTES, isZero, parseHeader, type RawHeader, type TarHeader } from './tar-header';
import { cString } from './tar-numbers';

export { TarError } from './tar-error';

/**
 * One entry, with long names resolved. The body may be read until the next entry is requested, completely or not at
 * all.
 */
export interface TarEntry extends TarHeader {
  readonly xattrs: ReadonlyMap<string, Buffer>;
  /** As stored: a sparse file is packed here, but `size` is its unpacked size. */
  readonly body: AsyncIterable<Buffer>;
}

/** How much an untrusted archive may make us hold in memory. */
export interface TarLimits {
  readonly longNameBytes: number;
  readonly paxBytes: number;
  /** of a name or of the target of a link, whichever header has it */
  readonly nameBytes: number;
}

/** Room for the longest path and the largest attributes that Linux allows, several times over. */
const DEFAULT_LIMITS: TarLimits = { longNameBytes: 16 * 1024, paxBytes: 1024 * 1024, nameBytes: 16 * 1024 };

/** Links, devices, directories and pipes have no body, whatever their size says. */
const BODILESS = '123456';

/** The values for an entry from the headers before it. */
interface Extensions {
  records?: PaxRecords;
  longName?: Buffer;
  longLink?: Buffer;
}

/**
 * The entries of an uncompressed tar in their order (protocol 5.1). This is our own reader, because tarsum needs the
 * raw typeflag. It tolerates a missing trailer (engines 0.6 to 1.2). A cut or damaged entry is a TarError. It reads its
 * source to the end, past the trailer, so that a hash over the same bytes is complete. A PAX global header is returned
 * as an entry and does not change others, as in the engines.
 */
export async function* readTar(
  bytes: AsyncIterable<Buffer>,
  limits: Partial<TarLimits> = {},
): AsyncGenerator<TarEntry, void, undefined> {
  const bounds = { ...DEFAULT_LIMITS, ...limits };
  const reader = new ByteReader(bytes);
  try {
    let extensions: Extensions = {};
    for (let header = await readHeader(reader); header; header = await readHeader(reader)) {
      const extension = await readExtension(reader, header, bounds);
      if (extension) {
        extensions = { ...extensions, ...extension };
        continue;
      }
      const { body, finish, entry } = await openEntry(reader, header, extensions);
      extensions = {};
      if (Math.max(entry.name.length, entry.linkname.length) > bounds.nameBytes) {
        throw new TarError('a name is longer than the limit');
      }
      yield { ...entry, body };
      await finish();
    }
    if (Object.keys(extensions).length > 0) throw new TarError('the tar ends before the entry that it announced');
    while (await reader.chunk(Infinity));
  } finally {
    await reader.close();
  }
}

async function readHeader(reader: ByteReader): Promise<RawHeader | undefined> {
  const block = await reader.read(BLOCK_BYTES);
  if (block.length === 0) return undefined;
  if (block.length < BLOCK_BYTES) throw new TarError('the tar is cut off in a header');
  if (!isZero(block)) return parseHeader(block);
  if (!isZero(await reader.read(BLOCK_BYTES))) throw new TarError('the tar goes on after an empty block');
  return undefined;
}

async function readExtension(
  reader: ByteReader,
  header: RawHeader,
  limits: TarLimits,
): Promise<Extensions | undefined> {
  switch (header.typeflag) {
    case 'x':
      return { records: parsePax(await readSmall(reader, header.size, limits.paxBytes)) };
    case 'L':
      return { longName: cString(await readSmall(reader, header.size, limits.longNameBytes)) };
    case 'K':
      return { longLink: cString(await readSmall(reader, header.size, limits.longNameBytes)) };
    default:
      return undefined;
  }
}

async function readSmall(reader: ByteReader, size: number, limit: number): Promise<Buffer> {
  if (size > limit) throw new TarError('a long name or PAX header is larger than the limit');
  const data = await readWhole(reader, size);
  await readWhole(reader, paddingOf(size));
  return data;
}

async function openEntry(
  reader: ByteReader,
  { gnuSparse, ...header }: RawHeader,
  { records = new Map(), longName, longLink }: Extensions,
): Promise<{ entry: Omit<TarEntry, 'body'>; body: AsyncIterable<Buffer>; finish: () => Promise<void> }> {
  const stored = applyPax(header, records);
  for (let more = gnuSparse?.isExtended ?? false; more;) more = (await readWhole(reader, BLOCK_BYTES))[504] !== 0;
  // Go unpacks a sparse file but keeps its typeflag, with a map of zeros: then the header's size is the real one.
  const unfolded = gnuSparse && gnuSparse.realSize > 0 ? { size: gnuSparse.realSize } : {};
  const sparse = { ...unfolded, ...paxSparse(records) };
  const entry = {
    ...stored,
    name: longName ?? sparse.name ?? stored.name,
    linkname: longLink ?? stored.linkname,
    size: sparse.size ?? stored.size,
    xattrs: paxXattrs(records),
  };
  return { entry, ...openBody(reader, BODILESS.includes(stored.typeflag) ? 0 : stored.size) };
}

function openBody(reader: ByteReader, size: number): { body: AsyncIterable<Buffer>; finish: () => Promise<void> } {
  let remaining = size;
  const next = async (): Promise<Buffer | undefined> => {
    if (remaining === 0) return undefined;
    const chunk = await reader.chunk(remaining);
    if (!chunk) throw new TarError('the tar is cut off in an entry');
    remaining -= chunk.length;
    return chunk;
  };
  async function* body(): AsyncGenerator<Buffer, void, undefined> {
    for (let chunk = await next(); chunk; chunk = await next()) yield chunk;
  }
  const finish = async (): Promise<void> => {
    while (await next());
    await readWhole(reader, paddingOf(size));
  };
  return { body: body(), finish };
}

async function readWhole(reader: ByteReader, size: number): Promise<Buffer> {
  const data = await reader.read(size);
  if (data.length < size) throw new TarError('the tar is cut off');
  return data;
}

function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}
