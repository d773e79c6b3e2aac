import { createHash } from 'node:crypto';

/** Counts and hashes bytes while they pass. */
export class DigestingSink {
  private readonly hash = createHash('sha256');
  private total = 0;

  constructor(private readonly observe?: (chunk: Buffer) => void) {}

  take(chunk: Buffer): void {
    this.hash.update(chunk);
    this.observe?.(chunk);
    this.total += chunk.length;
  }

  finish(): { sha256Hex: string; sizeBytes: number } {
    return { sha256Hex: this.hash.digest('hex'), sizeBytes: this.total };
  }
}
