import { readdirSync, readFileSync } from 'node:fs';

function parentOf(pid: string): string | undefined {
  try {
    // The name, in brackets, may have anything in it.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1];
  } catch {
    return undefined; // it has just ended
  }
}

function residentKilobytes(pid: string): number {
  try {
    const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes);
  } catch {
    return 0;
  }
}

/** The processes that a process has started and that run. Knows Linux only. */
export function childrenOf(pid: number): string[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.filter((name) => parentOf(name) === String(pid));
}

/** The resident memory of a process and its children together, in MiB. Knows Linux only. */
export function residentMegabytes(pid: number): number {
  return Math.round([String(pid), ...childrenOf(pid)].reduce((sum, name) => sum + residentKilobytes(name), 0) / 1024);
}
