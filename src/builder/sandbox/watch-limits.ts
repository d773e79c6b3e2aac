import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BuildFailure } from '../build-failure';
import { showByteSize } from '../../platform/bytes/byte-size';
import { inTime } from '../units';
import { diskUse } from './disk-use';
import type { Enclosure } from './enclosure';
import { useOfTree } from './processes';

const EVERY_MS = 250;

/** Measuring a folder with many files takes long: it waits this many times as long before it is measured again. */
const DISK_REST = 10;

/** As much stays free for everything else on the disk of the builds. */
const FREE_BYTES = 512 * 2 ** 20;

/**
 * Watches what a program in an enclosure uses. The kernel limits each process and each file; this is about their sums.
 *
 * @param pid - its first process, outside of the enclosure
 * @throws BuildFailure when a limit is exceeded
 */
export async function watchLimits(pid: number | undefined, enclosure: Enclosure, over: AbortSignal): Promise<void> {
  if (pid === undefined) return;
  const { timeMs } = enclosure.limits;
  const until = performance.now() + timeMs;
  await Promise.all([
    repeatedly(over, async () => {
      if (performance.now() > until) throw new BuildFailure(`The build took longer than ${inTime(timeMs)}.`);
      await assertMemory(pid, enclosure);
      return EVERY_MS;
    }),
    repeatedly(over, async () => {
      const startedAt = performance.now();
      await assertDisk(enclosure, over);
      return Math.max(EVERY_MS, DISK_REST * (performance.now() - startedAt));
    }),
  ]);
}

/**
 * Looks again and again, but not at once: many programs end before.
 *
 * @param look - resolves to the milliseconds until it looks again
 */
async function repeatedly(over: AbortSignal, look: () => Promise<number>): Promise<void> {
  let restMs = EVERY_MS;
  for (;;) {
    await sleep(restMs, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) return;
    restMs = await look();
  }
}

async function assertMemory(pid: number, { limits: { memoryBytes } }: Enclosure): Promise<void> {
  const used = await useOfTree(pid);
  if (used.memoryBytes > memoryBytes) {
    throw new BuildFailure(`The build used more than ${showByteSize(memoryBytes)} of memory.`);
  }
}

async function assertDisk({ folder, user, limits: { diskBytes } }: Enclosure, over: AbortSignal): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < FREE_BYTES) throw new BuildFailure('The disk of the builder is full.');
  if ((await diskUse(folder, user, over)) > diskBytes) {
    throw new BuildFailure(`The build used more than ${showByteSize(diskBytes)} of disk.`);
  }
}
