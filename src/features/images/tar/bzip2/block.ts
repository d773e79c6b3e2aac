import { TarError } from '../tar-error';
import type { Bits } from './bits';
import { readCodes, readSymbol } from './codes';
import { damaged } from './damaged';

/** A block of bzip2 whose bytes are still sorted. */
export interface Block {
  readonly crc: number;
  /** For each place of the output, in the order of the sorted rotations: its byte, and above it the next place. */
  readonly chain: Uint32Array;
  /** where the output begins in `chain` */
  readonly start: number;
  readonly length: number;
}

const BLOCK = [0x314159, 0x265359];
const END = [0x177245, 0x385090];

const SYMBOLS_PER_CODES = 50;
const MOST_CODES = 6;

/** Moves an element to the front, and returns it. */
function toFront(list: Uint8Array, at: number): number {
  const value = list[at] as number;
  list.copyWithin(1, 0, at);
  list[0] = value;
  return value;
}

/** The bytes that occur in the block, in order. */
function readAlphabet(bits: Bits): Uint8Array {
  const ranges = bits.read(16);
  const found: number[] = [];
  for (let range = 0; range < 16; range += 1) {
    if ((ranges & (0x8000 >>> range)) === 0) continue;
    const used = bits.read(16);
    for (let byte = 0; byte < 16; byte += 1) if ((used & (0x8000 >>> byte)) !== 0) found.push(range * 16 + byte);
  }
  return Uint8Array.from(found);
}

/** Which of the codes each group of symbols has. */
function readSelectors(bits: Bits, codeCount: number): Uint8Array {
  const selectors = new Uint8Array(bits.read(15));
  const order = Uint8Array.from({ length: codeCount }, (_, at) => at);
  for (let group = 0; group < selectors.length; group += 1) {
    let at = 0;
    while (bits.read(1) === 1) at += 1;
    if (at >= codeCount) throw damaged();
    selectors[group] = toFront(order, at);
  }
  return selectors;
}

/** Reads the sorted bytes into the low bits of `chain`. @returns how many there are */
function readSorted(bits: Bits, chain: Uint32Array): number {
  const alphabet = readAlphabet(bits);
  const codeCount = bits.read(3);
  if (alphabet.length === 0 || codeCount < 2 || codeCount > MOST_CODES) throw damaged();
  const selectors = readSelectors(bits, codeCount);
  const end = alphabet.length + 1;
  const codes = Array.from({ length: codeCount }, () => readCodes(bits, end + 1));
  let [length, run, runBit] = [0, 0, 1];
  for (let group = 0; group < selectors.length; group += 1) {
    const code = codes[selectors[group] as number];
    if (code === undefined) throw damaged();
    for (let count = 0; count < SYMBOLS_PER_CODES; count += 1) {
      const symbol = readSymbol(bits, code);
      if (symbol <= 1) {
        // A run of the byte in front: its length is a number of digits 1 and 2, the lowest first.
        run += runBit << symbol;
        runBit *= 2;
        if (run > chain.length) throw damaged();
        continue;
      }
      if (length + run + 1 > chain.length + (symbol === end ? 1 : 0)) throw damaged();
      chain.fill(alphabet[0] as number, length, length + run);
      length += run;
      [run, runBit] = [0, 1];
      if (symbol === end) return length;
      chain[length] = toFront(alphabet, symbol - 1);
      length += 1;
    }
  }
  throw damaged();
}

/** Adds to each byte the place of the one that follows it. */
function linkPlaces(chain: Uint32Array, length: number): void {
  const next = new Uint32Array(257);
  for (let at = 0; at < length; at += 1) {
    const after = ((chain[at] as number) & 0xff) + 1;
    next[after] = (next[after] as number) + 1;
  }
  for (let byte = 0; byte < 256; byte += 1) next[byte + 1] = (next[byte + 1] as number) + (next[byte] as number);
  for (let at = 0; at < length; at += 1) {
    const byte = (chain[at] as number) & 0xff;
    const place = next[byte] as number;
    next[byte] = place + 1;
    chain[place] = (chain[place] as number) | (at << 8);
  }
}

/**
 * Reads a block, or the end of a stream with the checksum of all its blocks.
 *
 * @param chain - memory for the largest block of the stream
 * @throws TarError when the data is damaged; RanOut
 */
export function readBlock(bits: Bits, chain: Uint32Array): Block | { readonly streamCrc: number } {
  const magic = [bits.read(24), bits.read(24)];
  const crc = bits.read32();
  if (magic[0] === END[0] && magic[1] === END[1]) return { streamCrc: crc };
  if (magic[0] !== BLOCK[0] || magic[1] !== BLOCK[1]) throw damaged();
  // Blocks whose bytes are scrambled at random were created by bzip2 0.9.0 and older only.
  if (bits.read(1) === 1) throw new TarError('unsupported bzip2 data of version 0.9.0');
  const origin = bits.read(24);
  const length = readSorted(bits, chain);
  if (origin >= length) throw damaged();
  linkPlaces(chain, length);
  return { crc, chain, start: (chain[origin] as number) >>> 8, length };
}
