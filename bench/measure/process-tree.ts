import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time for user space in these units, whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100;

/** A running process. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** of CPU that it has used so far */
  readonly seconds: number;
}

/** `/proc/<pid>/stat`; the name in the second field may hold spaces and parentheses. */
function readStat(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { pid, parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
}

/** The processes that run with these numbers, and all their descendants. */
export function withDescendants(roots: readonly number[]): ProcessStat[] {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined);
  const wanted = new Set(roots);
  for (let before = -1; before !== wanted.size;) {
    before = wanted.size;
    for (const { pid, parent } of stats) if (wanted.has(parent)) wanted.add(pid);
  }
  return stats.filter(({ pid }) => wanted.has(pid));
}
