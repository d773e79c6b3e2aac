import type { Readable } from 'node:stream';
import type { MessagePort } from 'node:worker_threads';

/*
 * How a thread gets the bytes of layers: it asks for a chunk at a time, and so takes them no faster than it reads them.
 * It can open nothing by itself: which layers it is given, and whether they are whole, is found out here.
 */

/** What the thread says. */
export interface Wanted {
  /** the next chunk of which layer, from 0; of an earlier one than before, nothing more is wanted */
  readonly layer: number;
}

/** What it is told. */
export type Given = { readonly chunk: Uint8Array } | { readonly end: true } | { readonly failed: true };

/** Gives the layers of one task to a thread. */
export class LayerFeed {
  private layer = -1;
  private stream: Readable | undefined;
  private chunks: AsyncIterator<Buffer> | undefined;

  /** what went wrong on this side, where the thread only hears that something did */
  failure: unknown;

  /** @param open - opens a layer by its number */
  constructor(
    private readonly port: MessagePort,
    private readonly open: (layer: number) => Promise<Readable>,
  ) {
    port.on('message', ({ layer }: Wanted) => {
      void this.give(layer);
    });
  }

  /** Lets go of everything; must be called in the end. */
  close(): void {
    this.port.close();
    this.stream?.destroy();
  }

  private async give(layer: number): Promise<void> {
    try {
      const next = await this.nextOf(layer);
      if (next.done === true) {
        this.port.postMessage({ end: true } satisfies Given);
        return;
      }
      const chunk = Uint8Array.from(next.value); // whose memory nobody else uses
      this.port.postMessage({ chunk } satisfies Given, [chunk.buffer]);
    } catch (error) {
      this.failure ??= error;
      this.port.postMessage({ failed: true } satisfies Given);
    }
  }

  private async nextOf(layer: number): Promise<IteratorResult<Buffer>> {
    if (layer !== this.layer || this.chunks === undefined) {
      this.stream?.destroy();
      this.layer = layer;
      this.stream = await this.open(layer);
      this.chunks = this.stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    }
    return this.chunks.next();
  }
}

/**
 * The bytes of a layer, in the thread. The next chunk is on its way while one is being read.
 *
 * @throws Error when the layer cannot be read; why is known on the other side
 */
export async function* fedLayer(port: MessagePort, layer: number): AsyncGenerator<Buffer, void, undefined> {
  const ask = async (): Promise<Given> => {
    port.postMessage({ layer } satisfies Wanted);
    return new Promise((resolve) => port.once('message', resolve));
  };
  let coming = ask();
  try {
    for (;;) {
      const given = await coming;
      if ('failed' in given) throw new Error('a layer cannot be read');
      if ('end' in given) return;
      coming = ask();
      yield Buffer.from(given.chunk.buffer, given.chunk.byteOffset, given.chunk.length);
    }
  } finally {
    await coming; // or it would be taken for the first chunk of the next layer
  }
}
