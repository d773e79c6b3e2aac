import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { gnuLong, packEntry, packTar, TRAILER } from '../features/images/tar/pack-tar';

/* Layers of a few bytes that cost a reader much. */

const MEBIBYTE = 1024 * 1024;

/** Files whose names are `a/a/a/…` with this many bytes, each with another end. */
export function longNames(count: number, nameBytes: number): Buffer {
  const names = Array.from({ length: count }, (_, at) => {
    const end = String(at).padStart(6, '0');
    return `${'a/'.repeat(Math.ceil(nameBytes / 2)).slice(0, nameBytes - end.length)}${end}`;
  });
  return gzipSync(packTar(...names.flatMap((name) => [gnuLong('L', name), { name: 'x' }])));
}

/** This many empty files, in few bytes. */
export function manyFiles(count: number): Buffer {
  const template = packEntry({ name: 'dir/0000000' });
  // The checksum counts every byte of the block but its own field.
  const plain = template.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
  const blocks: Buffer[] = [];
  for (let at = 0; at < count; at += 1) {
    const block = Buffer.from(template);
    const digits = String(at).padStart(7, '0');
    block.write(digits, 4);
    const sum = plain + [...digits].reduce((total, digit) => total + Number(digit), 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(block);
  }
  return gzipSync(Buffer.concat([...blocks, TRAILER]), { level: 6 });
}

/** A file with this many zeros, in a thousandth of the bytes. */
export function manyZeros(mebibytes: number): Buffer {
  const header = packEntry({ name: 'zeros', size: mebibytes * MEBIBYTE });
  const step = Math.min(64, mebibytes);
  const zeros = gzipSync(Buffer.alloc(step * MEBIBYTE));
  // A file of gzip may have many members.
  return Buffer.concat([gzipSync(header), ...Array<Buffer>(mebibytes / step).fill(zeros), gzipSync(TRAILER)]);
}

/** The same in xz, which gets smaller still; undefined on a machine without `xz`. */
export function manyZerosInXz(mebibytes: number): Buffer | undefined {
  const script = `(head -c 512; head -c ${mebibytes * MEBIBYTE + 1024} /dev/zero) | xz -0 -c`;
  const input = packEntry({ name: 'zeros', size: mebibytes * MEBIBYTE });
  const { status, stdout } = spawnSync('sh', ['-c', script], { input, maxBuffer: 256 * MEBIBYTE });
  return status === 0 && stdout.length > 0 ? stdout : undefined;
}
