import { BATCH_BYTES } from '../batches';
import { FIRST_BYTES, partMemory } from './part-memory';
import { partBytesOf } from './part-sizes';

/** How many full parts are sent while the next one is filled. */
const UNDER_WAY = 2;

/** What is computed of the bytes on their way. */
export interface SumsOfPieces {
  /** @param isOnly - there are no other bytes, before or after */
  update(piece: Buffer, isOnly: boolean): Promise<void>;
  /** What may take longer than `update`: the piece must not change until this resolves. It never throws. */
  read?(piece: Buffer): Promise<void>;
}

/** Sends a full part, or the last one, which may be shorter. @param isLast - nothing follows */
export type SendPart = (part: Buffer, isLast: boolean) => Promise<void>;

/** How a writer differs from one that begins with the first byte. */
export interface PartsWriterOptions {
  /** the parts before its first one */
  readonly partsBefore?: number;
  /** undefined: that of this process */
  readonly memory?: typeof partMemory;
}

const NOTHING = Buffer.alloc(0);

/** Waits for all of them, so that no work continues after a failure. */
async function settle(work: readonly Promise<void>[]): Promise<void> {
  const failure = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected') throw failure.reason;
}

/** Copies incoming bytes into parts, which are hashed while they are filled, and sent when they are full. */
export class PartsWriter {
  private readonly underWay: Promise<void>[] = [];
  private readonly memory: typeof partMemory;
  private part: Buffer | undefined;
  private number: number;
  private filled = 0;
  private hashedTo = 0;
  private hashing: Promise<void>[] = [];
  private total = 0;

  constructor(
    private readonly send: SendPart,
    private readonly sums: SumsOfPieces | undefined,
    { partsBefore = 0, memory = partMemory }: PartsWriterOptions = {},
  ) {
    this.number = partsBefore + 1;
    this.memory = memory;
  }

  /** Copies what the first part begins with, and was hashed already: less than a part. */
  async takeHashed(chunk: Buffer): Promise<void> {
    for (let taken = 0; taken < chunk.length;) taken += await this.copy(chunk, taken);
    this.hashedTo = this.filled;
  }

  /** Copies a chunk; resolves when there is room for more. */
  async take(chunk: Buffer): Promise<void> {
    for (let taken = 0; taken < chunk.length;) {
      taken += await this.copy(chunk, taken);
      while (this.filled - this.hashedTo >= BATCH_BYTES && this.total > BATCH_BYTES)
        this.hashUpTo(this.hashedTo + BATCH_BYTES, false);
    }
  }

  /** Sends the rest; resolves to the number of bytes when all are sent and hashed. */
  async finish(): Promise<number> {
    this.hashUpTo(this.filled, this.total <= BATCH_BYTES);
    const rest = (this.part ?? NOTHING).subarray(0, this.filled);
    await settle([...this.underWay, ...this.hashing, this.send(rest, true)]);
    return this.total;
  }

  /** Releases the memory once nothing uses it. */
  async release(): Promise<void> {
    await Promise.allSettled([...this.underWay, ...this.hashing]);
    if (this.part !== undefined) this.memory.giveBack(this.part);
    this.part = undefined;
  }

  /** @returns how many bytes of the chunk there was room for */
  private async copy(chunk: Buffer, from: number): Promise<number> {
    const part = await this.partWithRoom();
    const copied = chunk.copy(part, this.filled, from);
    this.filled += copied;
    this.total += copied;
    return copied;
  }

  private async partWithRoom(): Promise<Buffer> {
    const partBytes = partBytesOf(this.number);
    // A full part is sent when the next byte arrives: only then it is not the last one.
    if (this.filled === partBytes) await this.sendFull();
    if (this.part === undefined) {
      this.part = await this.memory.take(this.total === 0 ? FIRST_BYTES : partBytesOf(this.number));
    } else if (this.filled === this.part.length) {
      const first = this.part; // shorter than what is hashed at once: nothing reads it
      const part = await this.memory.take(partBytes);
      first.copy(part);
      this.part = part;
      this.memory.giveBack(first);
    }
    return this.part;
  }

  private async sendFull(): Promise<void> {
    const { part, hashing } = this;
    if (part === undefined) return;
    this.hashUpTo(this.filled, false);
    const work = settle([this.send(part, false), ...hashing]);
    const end = (): void => this.memory.giveBack(part);
    work.then(end, end); // awaited when its turn comes, or at the end
    this.underWay.push(work);
    this.part = undefined;
    this.number += 1;
    this.filled = 0;
    this.hashedTo = 0;
    this.hashing = [];
    if (this.memory.isShort) await settle(this.underWay.splice(0));
    else if (this.underWay.length > UNDER_WAY) await this.underWay.shift();
  }

  private hashUpTo(end: number, isOnly: boolean): void {
    if (this.part === undefined || end === this.hashedTo) return;
    const piece = this.part.subarray(this.hashedTo, end);
    this.hashedTo = end;
    if (this.sums === undefined) return;
    const work = this.sums.update(piece, isOnly);
    work.catch(() => undefined); // awaited with its part
    this.hashing.push(work);
    const read = this.sums.read?.(piece);
    if (read !== undefined) this.hashing.push(read);
  }
}
