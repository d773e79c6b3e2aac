import { readdir, readFile } from 'node:fs/promises';

/** A process of this host, and the memory that belongs to it. */
interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly memoryBytes: number;
}

function numberOf(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}

/** Undefined if it has ended. */
async function processOf(pid: string): Promise<Process | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'latin1');
    const memory = numberOf(status, 'RssAnon') + numberOf(status, 'RssShmem') + numberOf(status, 'VmPTE');
    return { pid: Number(pid), parent: numberOf(status, 'PPid'), memoryBytes: memory * 1024 };
  } catch {
    return undefined;
  }
}

/** The children of a process. */
export async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1').catch(() => '');
  return children.split(' ').filter(Boolean).map(Number);
}

/** What a process and all of its descendants use. */
export interface TreeUse {
  readonly processes: number;
  /** Without pages of files; memory that processes share counts for each. */
  readonly memoryBytes: number;
}

/** Looks at a process and its descendants, which are in a process namespace of their own: none can leave the tree. */
export async function useOfTree(root: number): Promise<TreeUse> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = (await Promise.all(pids.map(processOf))).filter((each) => each !== undefined);
  const children = new Map<number, Process[]>();
  for (const each of found) children.set(each.parent, [...(children.get(each.parent) ?? []), each]);
  const tree = found.filter(({ pid }) => pid === root);
  for (const each of tree) tree.push(...(children.get(each.pid) ?? []));
  return { processes: tree.length, memoryBytes: tree.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) };
}
