import { AppError } from '../../../platform/errors';
import { decompress } from './decompress';
import { readTar, TarError, type TarEntry } from './tar-reader';

/** Limits on the cost of reading a layer. */
export interface BudgetLimits {
  /** of all layers together, after unpacking */
  readonly unpackedBytes: number;
  readonly ms: number;
}

/** No limits, for layers that we created ourselves. */
export const UNLIMITED: BudgetLimits = { unpackedBytes: Infinity, ms: Infinity };

/** Reading the layer costs more than the budget allows. */
export class BudgetSpent extends Error {
  override readonly name = 'BudgetSpent';

  constructor(readonly what: 'bytes' | 'time') {
    super(`looking into the layer takes more ${what} than it may`);
  }
}

/** Bounds the cost of untrusted bytes: their length does not show how far they expand. */
export class Budget {
  private bytesLeft: number;
  private readonly endAt: number;

  constructor({ unpackedBytes, ms }: BudgetLimits) {
    this.bytesLeft = unpackedBytes;
    this.endAt = Date.now() + ms;
  }

  /**
   * The bytes of a layer as they are stored, as long as there is time. Time is checked here too, because they may
   * unpack to nothing.
   */
  async *stored(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of bytes) {
      this.assertTime();
      yield chunk;
    }
  }

  /**
   * The bytes of a layer as they are unpacked, as long as the budget allows.
   *
   * @throws BudgetSpent instead of a chunk that exceeds the budget
   */
  async *unpacked(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of bytes) {
      this.assertTime();
      this.bytesLeft -= chunk.length;
      if (this.bytesLeft < 0) throw new BudgetSpent('bytes');
      yield chunk;
    }
  }

  private assertTime(): void {
    if (Date.now() > this.endAt) throw new BudgetSpent('time');
  }
}

/** A path of Linux has 4096 bytes, with the NUL at its end. */
const LOOKED_AT = { longNameBytes: 4096, nameBytes: 4096 };

/**
 * The entries of a layer for a client that browses it.
 *
 * @throws BudgetSpent; TarError, also for a name that no file of Linux can have
 */
export function readWithin(layer: AsyncIterable<Buffer>, budget: Budget): AsyncIterable<TarEntry> {
  return readTar(budget.unpacked(decompress(budget.stored(layer))), LOOKED_AT);
}

const RETRY_SECONDS = 60;

/** The answer to a client that browses a layer when reading it failed; other errors are returned as they are. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof TarError) return new AppError('invalid', 'Layer format not supported', { cause: error });
  if (!(error instanceof BudgetSpent)) return error;
  if (error.what === 'bytes') return new AppError('too_large', 'Layer is too large to list', { cause: error });
  const options = { cause: error, retryAfterSeconds: RETRY_SECONDS };
  return new AppError('unavailable', 'Layer takes too long to list', options);
}
