import { pipeline, Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { setImmediate } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';

import { XzReadableStream } from 'xz-decompress';

import { ByteReader } from './byte-reader';
import { compressionOf, damageIn, LONGEST_MAGIC, type Compression } from '../../../platform/bytes/compression';
import { bunzip2 } from './bzip2/bunzip2';
import { TarError } from './tar-error';
import { unzstd } from './unzstd';

type Bytes = AsyncIterable<Buffer>;
type Codec = (bytes: Bytes) => AsyncIterable<Uint8Array>;

const CODECS: Readonly<Record<Exclude<Compression, 'none'>, Codec>> = {
  gzip: gunzip,
  xz: unxz,
  bzip2: bunzip2,
  zstd: unzstd,
};
const CHUNK_BYTES = 64 * 1024;

/**
 * The tar inside a layer, uncompressed (protocol 5.1): the layer may be gzip, xz, bzip2, zstd or plain. A zero-byte layer
 * yields nothing. Damaged data throws a TarError; errors of the source are passed on as they are. Unpacking takes time
 * and may expand a few bytes to gigabytes, so that this belongs into a thread, with a limit.
 */
export async function* decompress(bytes: Bytes): AsyncGenerator<Buffer, void, undefined> {
  const reader = new ByteReader(bytes);
  try {
    const head = await reader.peek(LONGEST_MAGIC);
    const compression = compressionOf(head);
    yield* compression === 'none' ? reader.rest() : decode(compression, CODECS[compression], reader.rest());
  } finally {
    await reader.close();
  }
}

/** Distinguishes damaged data, which is the uploader's fault, from a broken source, which is ours. */
async function* decode(name: Compression, codec: Codec, bytes: Bytes): AsyncGenerator<Buffer, void, undefined> {
  const source = { isBroken: false };
  async function* watched(): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* bytes;
    } catch (error) {
      source.isBroken = true;
      throw error;
    }
  }
  try {
    for await (const chunk of codec(watched())) {
      if (chunk.length > 0) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    }
  } catch (error) {
    if (source.isBroken || error instanceof TarError) throw error;
    throw new TarError(damageIn(name), { cause: error });
  }
}

/** Reads all members of a gzip file. NULs after the last one are padding; anything else there is damage, as for Go. */
async function* gunzip(bytes: Bytes): AsyncGenerator<Buffer, void, undefined> {
  const unzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // The iteration below reports every error; pipeline only requires a callback.
  pipeline(Readable.from(bytes, { objectMode: false }), unzip, () => undefined);
  yield* unzip as AsyncIterable<Buffer>;
}

/**
 * xz by a WebAssembly build of xz-embedded, whose window is at most 64 MiB. It decodes one stream at a time in the
 * whole process, and the others wait. So give it stored bytes, not a socket.
 */
async function* unxz(bytes: Bytes): AsyncGenerator<Uint8Array, void, undefined> {
  const source = bytes[Symbol.asyncIterator]();
  const compressed = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await source.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: async () => {
        await source.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  const reader = (new XzReadableStream(compressed) as ReadableStream<Uint8Array>).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      yield next.value;
      // The decoder never waits for anything: a few bytes that expand to gigabytes would block all other work.
      await setImmediate();
    }
  } finally {
    // The library fails on a cancel between its last chunk and its end, when there is nothing left to free.
    await reader.cancel().catch(() => undefined);
  }
}
