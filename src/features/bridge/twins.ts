import path from 'node:path';
import { MessageChannel, type Transferable } from 'node:worker_threads';
import type { StoredBlob } from '../../blobs/stored-blob';
import type { Needs } from '../../context';
import { ThreadOverrun } from '../../platform/threads/thread-pool';
import { fedLayer, whileFeeding } from '../images/inspection/feed';
import type { BlobNeeds, SizedBlobRef } from '../storage/blobs';
import { openBlob } from '../storage/damage';
import type { TwinAnswer, TwinTask } from './twin-thread';

/** The module that the threads of this feature run. */
export const TWIN_THREAD = path.join(__dirname, 'twin-thread.js');

/** What creating twins needs. */
export type TwinNeeds = BlobNeeds & Needs<'layerPackers'>;

/** A twin that is stored, and not recorded yet, or why there is none. */
export type Twin = { readonly diffId: string; readonly blob: StoredBlob } | { readonly problem: string };

/** The bytes that a thread gives, and whether it is the thread that failed. */
class Source {
  isBroken = false;

  constructor(private readonly bytes: AsyncIterable<Buffer>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* this.bytes;
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
  }
}

/**
 * Unpacks a layer and stores it in gzip. Layers are untrusted, and a few bytes may expand to gigabytes, so that this
 * runs in a thread.
 *
 * @throws AppError `unavailable` when the layer is damaged on the server, `storage_full`
 */
export async function createTwin(ctx: TwinNeeds, layer: SizedBlobRef, longestBytes: number): Promise<Twin> {
  const { port1, port2 } = new MessageChannel();
  const ending = new AbortController();
  const source = new Source(fedLayer(port1, 0));
  const writing = ctx.blobs.write(source);
  // The thread knows better why it failed, but does not notice when the bytes cannot be written.
  writing.catch((error: unknown) => source.isBroken || ending.abort(error));
  try {
    const answer = await ctx.layerPackers.run('', ending.signal, (ask) =>
      whileFeeding(
        () => openBlob(ctx, layer),
        (port) => {
          const task: TwinTask = { port, twinPort: port2, longestBytes };
          return ask('pack', task, [port, port2] as Transferable[]) as Promise<TwinAnswer>;
        },
      ),
    );
    return 'problem' in answer ? answer : { diffId: answer.diffId, blob: await writing };
  } catch (error) {
    if (!(error instanceof ThreadOverrun)) throw error;
    return { problem: `the layer takes too much ${error.kind} to unpack` };
  } finally {
    port1.close();
    await writing.catch(() => undefined);
  }
}
