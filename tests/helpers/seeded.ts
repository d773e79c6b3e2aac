import { createHash } from 'node:crypto';

/** Bytes and numbers that follow from a seed and a name alone, so that a run can be repeated. */
export class Seeded {
  constructor(private readonly seed: string) {}

  bytes(name: string, length: number): Buffer {
    return createHash('shake256', { outputLength: length }).update(`${this.seed} ${name}`).digest();
  }

  /** A number from 0 to 1. */
  share(name: string): number {
    return this.bytes(name, 6).readUIntBE(0, 6) / 2 ** 48;
  }
}
