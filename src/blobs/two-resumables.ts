import type { BlobStore } from './blob-store';
import { UnknownWriteError, type ResumableWrites, type UnfinishedWrite } from './resumable';
import type { StoredBlob } from './stored-blob';
import { withDigest } from './with-digest';

/**
 * The resumable writes of two places. New ones begin in the current place. One that began in the other goes on there, and
 * its bytes are copied when it is committed, so that no new blob is in the other place alone.
 */
export class TwoResumables implements ResumableWrites {
  constructor(
    private readonly current: BlobStore,
    private readonly other: BlobStore,
  ) {}

  async start(): Promise<string> {
    return this.current.resumable.start();
  }

  async offset(id: string): Promise<number | undefined> {
    return (await this.current.resumable.offset(id)) ?? this.other.resumable.offset(id);
  }

  async append(id: string, offset: number, bytes: AsyncIterable<Buffer>, limitBytes?: number): Promise<number> {
    return this.whereItBegan(
      (writes) => writes.append(id, offset, bytes, limitBytes),
      (end) => Promise.resolve(end),
    );
  }

  async finish(id: string, offset: number, bytes: AsyncIterable<Buffer>, digest: string): Promise<StoredBlob> {
    return this.whereItBegan(
      (writes) => writes.finish(id, offset, bytes, digest),
      (blob) => this.copied(blob),
    );
  }

  async commit(id: string, digest: string): Promise<StoredBlob> {
    return this.whereItBegan(
      (writes) => writes.commit(id, digest),
      (blob) => this.copied(blob),
    );
  }

  async abort(id: string): Promise<void> {
    await this.current.resumable.abort(id);
    await this.other.resumable.abort(id);
  }

  async *list(): AsyncIterable<UnfinishedWrite> {
    yield* this.current.resumable.list();
    yield* this.other.resumable.list();
  }

  async sweep(idleMs: number): Promise<number> {
    return (await this.current.resumable.sweep(idleMs)) + (await this.other.resumable.sweep(idleMs));
  }

  /** An unknown write is refused before its bytes are read, so that they can be offered to the other place. */
  private async whereItBegan<T>(
    use: (writes: ResumableWrites) => Promise<T>,
    afterwards: (result: T) => Promise<T>,
  ): Promise<T> {
    try {
      return await use(this.current.resumable);
    } catch (error) {
      if (!(error instanceof UnknownWriteError)) throw error;
    }
    return afterwards(await use(this.other.resumable));
  }

  private async copied(blob: StoredBlob): Promise<StoredBlob> {
    const bytes = (await this.other.read(blob.key, undefined, blob.sizeBytes)) as AsyncIterable<Buffer>;
    await this.current.writeAs(blob.key, withDigest(bytes, blob.digest));
    return blob;
  }
}
