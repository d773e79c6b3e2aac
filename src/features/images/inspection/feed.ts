import type { Readable } from 'node:stream';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

/*
 * How a thread gets the bytes of layers: it asks for a chunk at a time, so they arrive no faster than it reads them.
 * The thread cannot open anything itself: the other side decides which layers it gets, and checks that they are whole.
 * A thread that creates bytes gives them in the same way.
 */

/** The message of the side that reads. */
export interface Wanted {
  /** the layer, from 0, whose next chunk is wanted; the thread never goes back to an earlier layer */
  readonly layer: number;
}

/** The answer. */
export type Given = { readonly chunk: Uint8Array } | { readonly end: true } | { readonly failed: true };

/** Passes the layers of one task to a thread, or what a thread created to the process. */
export class LayerFeed {
  private layer = -1;
  private stream: Readable | undefined;
  private chunks: AsyncIterator<Buffer> | undefined;

  private whenEnded: () => void = () => undefined;

  /** Resolves when the other side has got all of a layer. */
  readonly ended = new Promise<void>((resolve) => (this.whenEnded = resolve));

  /** the error on this side; the other one only learns that there was one */
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

  /** Closes the port and the stream; must be called in the end. */
  close(): void {
    this.port.close();
    this.stream?.destroy();
  }

  private async give(layer: number): Promise<void> {
    try {
      const next = await this.nextOf(layer);
      if (next.done === true) {
        this.port.postMessage({ end: true } satisfies Given);
        this.whenEnded();
        return;
      }
      const chunk = Uint8Array.from(next.value); // a copy, whose memory is not shared
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

/** Asks for one chunk after the other. */
class Asker {
  private isClosed = false;
  private answer: ((given: Given) => void) | undefined;
  private readonly onClose = (): void => {
    this.isClosed = true;
    this.answer?.({ failed: true });
  };

  constructor(private readonly port: MessagePort) {
    port.once('close', this.onClose);
  }

  release(): void {
    this.port.off('close', this.onClose);
  }

  async ask(layer: number): Promise<Given> {
    if (this.isClosed) return { failed: true };
    this.port.postMessage({ layer } satisfies Wanted);
    return new Promise((resolve) => {
      this.answer = resolve;
      this.port.once('message', resolve);
    });
  }
}

async function* chunksOf(asker: Asker, layer: number): AsyncGenerator<Buffer, void, undefined> {
  let coming = asker.ask(layer);
  try {
    for (;;) {
      const given = await coming;
      if ('failed' in given) throw new Error('a layer cannot be read');
      if ('end' in given) return;
      coming = asker.ask(layer);
      yield Buffer.from(given.chunk.buffer, given.chunk.byteOffset, given.chunk.length);
    }
  } finally {
    await coming; // otherwise it would be taken for the first chunk of the next layer
    asker.release();
  }
}

/**
 * The bytes of a layer, on the side that reads. The next chunk is requested while one is being read.
 *
 * @throws Error when the layer cannot be read, which the other side knows the reason of, or when that side has ended
 */
export function fedLayer(port: MessagePort, layer: number): AsyncGenerator<Buffer, void, undefined> {
  return chunksOf(new Asker(port), layer); // it notices the end of the other side before anyone reads
}

/** Lets a thread read layers while it works on a task. @throws the error of a layer that cannot be opened or read */
export async function whileFeeding<T>(
  open: (layer: number) => Promise<Readable>,
  work: (port: MessagePort) => Promise<T>,
): Promise<T> {
  const { port1, port2 } = new MessageChannel();
  const feed = new LayerFeed(port1, open);
  try {
    return await work(port2);
  } catch (error) {
    throw feed.failure ?? error;
  } finally {
    feed.close();
  }
}
