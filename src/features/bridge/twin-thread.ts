import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { MessagePort } from 'node:worker_threads';
import { createGzip } from 'node:zlib';
import { takeThreadRank } from '../../platform/threads/rank';
import { fedLayer, LayerFeed } from '../images/inspection/feed';
import { decompress } from '../images/tar/decompress';
import { TarError } from '../images/tar/tar-error';

/* The thread that unpacks layers and packs them again in gzip; `twins.ts` has the other side. */

takeThreadRank();

/** The parameters of the task. */
export interface TwinTask {
  /** gives the layer */
  readonly port: MessagePort;
  /** takes the twin */
  readonly twinPort: MessagePort;
  /** the longest layer without compression */
  readonly longestBytes: number;
}

/** The digest of the layer without compression, or why it cannot be read. */
export type TwinAnswer = { readonly diffId: string } | { readonly problem: string };

const TWIN_CHUNK_BYTES = 256 * 1024;

/** Unpacks a layer, and gives it to the other side in gzip, whose header has neither a time nor a name. */
export async function pack({ port, twinPort, longestBytes }: TwinTask): Promise<TwinAnswer> {
  const hash = createHash('sha256');
  async function* unpacked(): AsyncGenerator<Buffer> {
    let sizeBytes = 0;
    for await (const chunk of decompress(fedLayer(port, 0))) {
      sizeBytes += chunk.length;
      if (sizeBytes > longestBytes) throw new TarError('the layer is too large without compression');
      hash.update(chunk);
      yield chunk;
    }
  }
  const gzip = createGzip({ level: 6, chunkSize: TWIN_CHUNK_BYTES });
  const feed = new LayerFeed(twinPort, () => Promise.resolve(gzip));
  try {
    await pipeline(unpacked, gzip);
    await feed.ended;
    return { diffId: `sha256:${hash.digest('hex')}` };
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    return { problem: error.message };
  } finally {
    feed.close();
  }
}
