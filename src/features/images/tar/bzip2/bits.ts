/** The bytes at hand end before the value that is being read. */
export class RanOut extends Error {
  override readonly name = 'RanOut';
}

/** Reading further than the end gives zeros, which is noticed when the bits are taken. */
const MARGIN = 8;

/** Reads bits of bytes in memory, the most significant first. */
export class Bits {
  private bytes: Buffer = Buffer.alloc(MARGIN);
  private endAt = 0;

  /** The number of bits that were taken. */
  at = 0;

  /** How many bytes there are that were not taken completely. */
  get bytesLeft(): number {
    return this.bytes.length - MARGIN - (this.at >>> 3);
  }

  /** Adds bytes to the end, and forgets those that were taken. */
  append(pieces: readonly Buffer[]): void {
    const left = this.bytes.subarray(this.at >>> 3, this.bytes.length - MARGIN);
    this.bytes = Buffer.concat([left, ...pieces, Buffer.alloc(MARGIN)]);
    this.at &= 7;
    this.endAt = (this.bytes.length - MARGIN) * 8;
  }

  /** The next bits, at most 25, without taking them. */
  peek(count: number): number {
    const { bytes } = this;
    const byte = this.at >>> 3;
    const four =
      ((bytes[byte] as number) << 24) |
      ((bytes[byte + 1] as number) << 16) |
      ((bytes[byte + 2] as number) << 8) |
      (bytes[byte + 3] as number);
    return (four << (this.at & 7)) >>> (32 - count);
  }

  /** @throws RanOut when there are not that many */
  skip(count: number): void {
    this.at += count;
    if (this.at > this.endAt) throw new RanOut();
  }

  /** Takes 1 to 25 bits. @throws RanOut when there are not that many */
  read(count: number): number {
    const value = this.peek(count);
    this.skip(count);
    return value;
  }

  /** Takes 32 bits. @throws RanOut when there are not that many */
  read32(): number {
    const high = this.read(16);
    return ((high << 16) | this.read(16)) >>> 0;
  }

  /** Goes to the next whole byte. */
  align(): void {
    this.at = (this.at + 7) & ~7;
  }
}
