/* Streams of bzip2, bit by bit: what no compressor writes. */

class Writer {
  bits = '';

  write(value: number, count: number): this {
    this.bits += value.toString(2).padStart(count, '0');
    return this;
  }
}

const toBytes = (bits: string): Buffer => {
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0');
  return Buffer.from((whole.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
};

function crcOf(byte: number, count: number): number {
  let crc = -1;
  for (let at = 0; at < count; at += 1) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return ~crc >>> 0;
}

/** A run's length in the digits 1 and 2, the lowest first, as symbols 0 and 1. */
function runOf(length: number): number[] {
  const digits: number[] = [];
  for (let left = length; left > 0; left = (left - 1) >> 1) digits.push((left - 1) & 1);
  return digits;
}

/** Blocks of bytes 255 only: each is 45 bytes or so, and each expands to 46 MB. */
export function bomb(blocks: number): Buffer {
  const sorted = 900_000;
  // Four equal bytes and then the number of further ones, 255, which is the byte itself.
  const output = Math.floor(sorted / 5) * (4 + 255);
  const crc = crcOf(255, output);
  const writer = new Writer().write(0x425a68, 24).write(0x39, 8);
  let streamCrc = 0;
  for (let at = 0; at < blocks; at += 1) {
    writer
      .write(0x314159, 24)
      .write(0x265359, 24)
      .write(crc >>> 16, 16)
      .write(crc & 0xffff, 16);
    writer.write(0, 1).write(0, 24); // nothing is scrambled; the first rotation
    writer.write(1, 16).write(1, 16); // the byte 255 alone
    writer.write(2, 3).write(1, 15).write(0, 1); // two tables, the first one for the only group
    for (let table = 0; table < 2; table += 1) writer.write(2, 5).write(0, 1).write(0, 1).write(0, 1); // codes of 2 bits
    for (const digit of runOf(sorted)) writer.write(digit, 2);
    writer.write(2, 2); // the end
    streamCrc = (((streamCrc << 1) | (streamCrc >>> 31)) ^ crc) >>> 0;
  }
  writer
    .write(0x177245, 24)
    .write(0x385090, 24)
    .write(streamCrc >>> 16, 16)
    .write(streamCrc & 0xffff, 16);
  return toBytes(writer.bits);
}

/** A block whose first table of codes never ends: its length goes up and down for this many bytes. */
export function endlessTable(bytes: number): Buffer {
  const writer = new Writer().write(0x425a68, 24).write(0x39, 8);
  writer.write(0x314159, 24).write(0x265359, 24).write(0, 16).write(0, 16).write(0, 1).write(0, 24);
  writer.write(1, 16).write(1, 16).write(2, 3).write(2, 15).write(0, 2).write(2, 5);
  while (writer.bits.length % 8 !== 0) writer.write(2, 2); // longer by one; shorter by one is 3
  return Buffer.concat([toBytes(writer.bits), Buffer.alloc(bytes, 0b11101110)]);
}
