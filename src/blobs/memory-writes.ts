import { randomBytes } from 'node:crypto';
import { algorithmOf } from '../platform/bytes/digest';
import type { StoredBlob } from './stored-blob';
import { digestsOf, sha512Of, sumsOf, type Sums } from './hashing';
import {
  UnknownWriteError,
  WriteBusyError,
  WriteDigestError,
  WriteOffsetError,
  WriteTooLongError,
  type ResumableWrites,
  type UnfinishedWrite,
} from './resumable';

interface Write {
  bytes: Buffer;
  touchedAt: number;
  isBusy: boolean;
}

/** Resumable writes that live as long as this process. */
export class MemoryWrites implements ResumableWrites {
  private readonly writes = new Map<string, Write>();

  /** @param keep - creates a blob from committed bytes */
  constructor(private readonly keep: (bytes: Buffer, sums: Sums) => StoredBlob) {}

  start(): Promise<string> {
    const id = randomBytes(16).toString('hex');
    this.writes.set(id, { bytes: Buffer.alloc(0), touchedAt: performance.now(), isBusy: false });
    return Promise.resolve(id);
  }

  offset(id: string): Promise<number | undefined> {
    return Promise.resolve(this.writes.get(id)?.bytes.length);
  }

  async append(id: string, offset: number, bytes: AsyncIterable<Buffer>, limitBytes = Infinity): Promise<number> {
    return this.alone(id, async (write) => {
      if (write.bytes.length !== offset) throw new WriteOffsetError(id, write.bytes.length);
      const chunks = [write.bytes];
      let end = offset;
      const take = (): void => {
        write.bytes = Buffer.concat(chunks);
        write.touchedAt = performance.now();
      };
      try {
        for await (const chunk of bytes) {
          end += chunk.length;
          if (end > limitBytes) break;
          chunks.push(Buffer.from(chunk));
        }
      } catch (error) {
        take();
        throw error;
      }
      if (end > limitBytes) throw new WriteTooLongError(id, limitBytes);
      if (!this.writes.has(id)) throw new UnknownWriteError(id);
      take();
      return end;
    });
  }

  async finish(id: string, offset: number, bytes: AsyncIterable<Buffer>, digest: string): Promise<StoredBlob> {
    await this.append(id, offset, bytes);
    return this.commit(id, digest);
  }

  async commit(id: string, digest: string): Promise<StoredBlob> {
    return this.alone(id, async ({ bytes }) => {
      const sums = sumsOf(bytes);
      const sha512 = algorithmOf(digest) === 'sha512' ? await sha512Of([bytes]) : undefined;
      const found = sha512 ?? digestsOf(sums).digest;
      if (found !== digest) throw new WriteDigestError(id, found);
      this.writes.delete(id);
      return { ...this.keep(bytes, sums), ...(sha512 === undefined ? {} : { sha512 }) };
    });
  }

  abort(id: string): Promise<void> {
    this.writes.delete(id);
    return Promise.resolve();
  }

  async *list(): AsyncIterable<UnfinishedWrite> {
    for (const [id, { bytes, touchedAt }] of this.writes) {
      yield await Promise.resolve({ id, sizeBytes: bytes.length, idleMs: performance.now() - touchedAt });
    }
  }

  sweep(idleMs: number): Promise<number> {
    const before = performance.now() - idleMs;
    const idle = [...this.writes].filter(([, { touchedAt }]) => touchedAt < before);
    for (const [id] of idle) this.writes.delete(id);
    return Promise.resolve(idle.length);
  }

  private async alone<T>(id: string, work: (write: Write) => Promise<T>): Promise<T> {
    const write = this.writes.get(id);
    if (write === undefined) throw new UnknownWriteError(id);
    if (write.isBusy) throw new WriteBusyError(id);
    write.isBusy = true;
    try {
      return await work(write);
    } finally {
      write.isBusy = false;
    }
  }
}
