import type { FileHandle } from 'node:fs/promises';
import type { ByteSource } from '../platform/bytes/byte-source';
import { ReadBuffers } from './read-buffers';

/** One buffer is filled while the other is sent. */
const AT_ONCE = 2;

const buffers = new ReadBuffers();

/** An open file from one byte to another, both included. */
export class FileBytes implements ByteSource {
  constructor(
    private readonly handle: FileHandle,
    private readonly start: number,
    private readonly end: number,
  ) {}

  async copyTo(take: (piece: Buffer) => Promise<void>): Promise<void> {
    const lent = Array.from({ length: AT_ONCE }, () => buffers.take());
    const taking: Promise<void>[] = [];
    let isDone = false;
    try {
      for (let at = this.start, turn = 0; at <= this.end; turn = (turn + 1) % AT_ONCE) {
        await taking[turn];
        const piece = await this.read(lent[turn] as Buffer, at);
        at += piece.length;
        const taken = take(piece);
        taken.catch(() => undefined); // awaited when its buffer is needed again
        taking[turn] = taken;
      }
      await Promise.all(taking);
      isDone = true;
    } finally {
      // Bytes of an interrupted send may still be on their way to the network, so they must not change.
      for (const buffer of lent) buffers.giveBack(buffer, isDone);
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async read(buffer: Buffer, at: number): Promise<Buffer> {
    const wanted = Math.min(buffer.length, this.end - at + 1);
    const { bytesRead } = await this.handle.read(buffer, 0, wanted, at);
    if (bytesRead === 0) throw new Error(`the file ended after ${at} bytes, before its last byte`);
    return buffer.subarray(0, bytesRead);
  }
}
