import { readdirSync, readFileSync } from 'node:fs';

/** The ids of the processes that a process has started; none when it has ended. Linux only. */
export function childrenOf(pid: number): number[] {
  const tasks = `/proc/${pid}/task`;
  try {
    return readdirSync(tasks).flatMap((task) => idsIn(`${tasks}/${task}/children`));
  } catch {
    return [];
  }
}

/** A thread may have ended since it was listed. */
function idsIn(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** A process and all below it, as systemd finds them in the control group of a service. */
export function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)];
}

/** The command line of a process; empty when it has ended, also while nobody has waited for it. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
