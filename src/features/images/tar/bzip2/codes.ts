import type { Bits } from './bits';
import { damaged } from './damaged';

/** The longest code of a symbol, in bits. */
const LONGEST = 20;

/** Huffman codes in canonical order. */
interface Codes {
  /** by length: the largest value of 20 bits that begins with a code of at most that length */
  readonly limits: Int32Array;
  /** by length: what to subtract from a code to get its place among the symbols */
  readonly offsets: Int32Array;
  /** in the order of their codes */
  readonly symbols: Uint16Array;
}

function readLengths(bits: Bits, symbolCount: number): Uint8Array {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbolCount; symbol += 1) {
    for (;;) {
      if (length < 1 || length > LONGEST) throw damaged();
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return lengths;
}

/** Reads the codes of as many symbols. @throws TarError, RanOut */
export function readCodes(bits: Bits, symbolCount: number): Codes {
  const lengths = readLengths(bits, symbolCount);
  const symbols = new Uint16Array(symbolCount);
  const limits = new Int32Array(LONGEST + 1).fill(-1);
  const offsets = new Int32Array(LONGEST + 1);
  let [code, placed] = [0, 0];
  for (let length = 1; length <= LONGEST; length += 1) {
    offsets[length] = code - placed;
    for (let symbol = 0; symbol < symbolCount; symbol += 1) {
      if (lengths[symbol] !== length) continue;
      symbols[placed] = symbol;
      placed += 1;
      code += 1;
    }
    if (code > 1 << length) throw damaged();
    limits[length] = (code << (LONGEST - length)) - 1;
    code <<= 1;
  }
  return { limits, offsets, symbols };
}

/** Takes the next symbol. @throws TarError, RanOut */
export function readSymbol(bits: Bits, { limits, offsets, symbols }: Codes): number {
  const next = bits.peek(LONGEST);
  let length = 1;
  while (length <= LONGEST && next > (limits[length] as number)) length += 1;
  if (length > LONGEST) throw damaged();
  bits.skip(length);
  return symbols[(next >>> (LONGEST - length)) - (offsets[length] as number)] as number;
}
