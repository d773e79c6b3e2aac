import { readFileSync } from 'node:fs';
import { withDescendants } from './process-tree';

const MEBIBYTE = 1024 * 1024;

/** A process that has just ended has no memory. */
function readMemoryFile(pid: number, file: 'smaps_rollup' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function mebibytesIn(text: string, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? '0';
  return (Number(kibibytes) * 1024) / MEBIBYTE;
}

/** MiB of memory of the processes and all their descendants; what several of them share counts once. */
export function proportionalMebibytes(roots: readonly number[]): number {
  return withDescendants(roots).reduce(
    (sum, { pid }) => sum + mebibytesIn(readMemoryFile(pid, 'smaps_rollup'), 'Pss'),
    0,
  );
}

/** MiB that the largest of the processes and their descendants had at most since its start. */
export function peakMebibytes(roots: readonly number[]): number {
  return Math.max(...withDescendants(roots).map(({ pid }) => mebibytesIn(readMemoryFile(pid, 'status'), 'VmHWM')));
}
