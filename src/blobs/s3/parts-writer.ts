import { BATCH_BYTES } from '../../platform/bytes/batches';
import { settle } from '../settle';
import type { SumsOfPieces } from '../sums-of-pieces';
import { FIRST_BYTES, partMemory } from './part-memory';
import { partBytesOf } from './part-sizes';

/** How many full parts are sent while the next one is filled. */
const UNDER_WAY = 2;

/** Where the bytes of a slow client go while others need its memory. */
interface BytesAside {
  put(bytes: Buffer): Promise<void>;
  /** The bytes of the last `put`. */
  takeBack(): AsyncIterable<Buffer>;
}

/** What becomes of the parts. */
export interface Destination {
  /** Sends a full part, or the last one, which may be shorter. @param isLast - nothing follows */
  readonly send: (part: Buffer, isLast: boolean) => Promise<void>;
  readonly aside: BytesAside;
  /** the parts before the first one; undefined: none */
  readonly partsBefore?: number;
}

const NOTHING = Buffer.alloc(0);

/** Copies incoming bytes into parts, which are hashed while they are filled, and sent when they are full. */
export class PartsWriter {
  private readonly underWay: Promise<void>[] = [];
  private part: Buffer | undefined;
  private number: number;
  private filled = 0;
  private hashedTo = 0;
  private hashing: Promise<void>[] = [];
  private total = 0;
  /** Between two chunks its bytes may go aside; `shallLeave`: they do so at the next chance. */
  private isAtWork = false;
  private shallLeave = false;
  private leaving: Promise<void> | undefined;
  private isAside = false;

  constructor(
    private readonly to: Destination,
    private readonly sums: SumsOfPieces | undefined,
    private readonly memory = partMemory,
  ) {
    this.number = (to.partsBefore ?? 0) + 1;
  }

  /** Copies what the first part begins with, and was hashed already: less than a part. */
  async takeHashed(chunk: Buffer): Promise<void> {
    await this.atWork(async () => {
      for (let taken = 0; taken < chunk.length;) taken += await this.copy(chunk, taken);
      this.hashedTo = this.filled;
    });
  }

  /** Copies a chunk; resolves when there is room for more. */
  async take(chunk: Buffer): Promise<void> {
    await this.atWork(async () => {
      for (let taken = 0; taken < chunk.length;) {
        taken += await this.copy(chunk, taken);
        while (this.filled - this.hashedTo >= BATCH_BYTES && this.total > BATCH_BYTES)
          this.hashUpTo(this.hashedTo + BATCH_BYTES, false);
      }
    });
  }

  /** Sends the rest; resolves to the number of bytes when all are sent and hashed. */
  async finish(): Promise<number> {
    await this.leaving;
    this.isAtWork = true; // to the end
    if (this.isAside) await this.takeBack();
    if (this.part !== undefined) this.memory.isFilled(this.part);
    this.hashUpTo(this.filled, this.total <= BATCH_BYTES);
    const rest = (this.part ?? NOTHING).subarray(0, this.filled);
    await settle([...this.underWay, ...this.hashing, this.to.send(rest, true)]);
    return this.total;
  }

  /** Releases the memory once nothing uses it. */
  async release(): Promise<void> {
    await Promise.allSettled([...this.underWay, ...this.hashing, this.leaving]);
    if (this.part !== undefined) this.memory.giveBack(this.part);
    this.part = undefined;
  }

  private async atWork(work: () => Promise<void>): Promise<void> {
    if (this.leaving !== undefined) await this.leaving;
    this.isAtWork = true;
    await work();
    this.isAtWork = false;
    if (this.shallLeave) this.leave();
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
    if (this.isAside) await this.takeBack();
    // A full part is sent when the next byte arrives: only then it is not the last one.
    if (this.filled === partBytesOf(this.number)) await this.sendFull();
    if (this.part === undefined) {
      this.part = await this.memoryOf(this.total === 0 ? FIRST_BYTES : partBytesOf(this.number));
    } else if (this.filled === this.part.length) {
      const first = this.part; // shorter than what is hashed at once: nothing reads it
      const part = await this.memoryOf(partBytesOf(this.number));
      first.copy(part);
      this.part = part;
      this.memory.giveBack(first);
    }
    return this.part;
  }

  private async memoryOf(bytes: number): Promise<Buffer> {
    const buffer = await this.memory.take(bytes, () => this.leave());
    this.shallLeave = false;
    return buffer;
  }

  /** Puts the bytes aside, now or after the current chunk. They stay if the store does not take them. */
  private leave(): void {
    this.shallLeave = this.isAtWork;
    if (this.isAtWork || this.part === undefined) return;
    this.leaving ??= this.putAside(this.part).finally(() => (this.leaving = undefined));
  }

  private async putAside(part: Buffer): Promise<void> {
    const [isPut] = await Promise.all([
      this.to.aside.put(part.subarray(0, this.filled)).then(
        () => true,
        () => false,
      ),
      Promise.allSettled(this.hashing),
    ]);
    if (!isPut) return;
    this.isAside = true;
    this.part = undefined;
    this.memory.giveBack(part);
  }

  private async takeBack(): Promise<void> {
    const part = await this.memoryOf(this.total < FIRST_BYTES ? FIRST_BYTES : partBytesOf(this.number));
    this.part = part;
    let at = 0;
    for await (const piece of this.to.aside.takeBack()) at += piece.copy(part, at);
    if (at !== this.filled) throw new Error(`the store has ${at} of ${this.filled} bytes that were put aside`);
    this.isAside = false;
  }

  private async sendFull(): Promise<void> {
    const { part, hashing } = this;
    if (part === undefined) return;
    this.memory.isFilled(part);
    this.hashUpTo(this.filled, false);
    const work = settle([this.to.send(part, false), ...hashing]);
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
