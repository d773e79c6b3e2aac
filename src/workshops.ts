import { availableParallelism } from 'node:os';
import type { Context, Inspected, Needs } from './context';
import { TWIN_THREAD } from './features/bridge/twins';
import { INSPECTION_THREAD } from './features/images/inspection/inspection';
import { KeptWork } from './platform/cache/kept-work';
import { HeldBytes } from './platform/limits/held-bytes';
import { WorkGate } from './platform/limits/work-gate';
import { GatedThreads } from './platform/threads/gated-threads';
import { MARKDOWN_THREAD } from './surfaces/web/written-text';

/*
 * Where work is done whose cost untrusted bytes determine, and how much of it at once. The figures are for one process.
 *
 *   work                                  at once   of one subject   in line, of one subject   at most
 *   inspecting layers                     a core's share, 1 at least, all but one    64, 8     30 s
 *   checking a pushed layer by its tarsum       2         1                          400, 100  20 s
 *   … one that takes longer                     2         1                          400, 100  16 min
 *   writing HTML from long texts                1         1                          32, 8     3 s
 *   reading layers of v1 for clients of v2      2         1                          64, 16    no limit, up to 64 GiB
 *   … packing some of them again in gzip       2         2                          no limit  1 h
 *   searches                                    4         3                          512, 256  10 s (a statement's)
 */

const MEBIBYTE = 1024 * 1024;
const MINUTE_MS = 60_000;

const tooMany = (of: string): { sentence: string; retryAfterSeconds: number } => ({
  sentence: `Too many ${of} at once`,
  retryAfterSeconds: 5,
});

function layerChecks(longestMs: number, isUrgent: boolean): GatedThreads {
  return new GatedThreads(INSPECTION_THREAD, {
    threads: 2,
    heapMegabytes: 512,
    longestMs,
    isUrgent,
    runningEach: 1,
    waiting: 400,
    each: 100,
    refusal: tooMany('checksums are being computed'),
  });
}

/**
 * @param processes - the number of processes that share this machine's cores
 * @param connections - the number of connections of this process to the database
 */
export function workshops(processes: number, connections: number) {
  const readers = Math.max(1, Math.floor(availableParallelism() / processes));
  return {
    layerReaders: new GatedThreads(INSPECTION_THREAD, {
      threads: readers,
      heapMegabytes: 384,
      longestMs: MINUTE_MS / 2,
      runningEach: Math.max(1, readers - 1),
      waiting: 64,
      each: 8,
      refusal: tooMany('layers are being looked through'),
    }),
    layerChecks: { quick: layerChecks(MINUTE_MS / 3, true), slow: layerChecks(16 * MINUTE_MS, false) },
    inspected: new KeptWork<Inspected>({
      maxBytes: 64 * MEBIBYTE,
      bytesOf: (found) => ('bytes' in found ? found.bytes.length : 200),
      keptMs: (found) => ('refusal' in found && found.refusal.code === 'unavailable' ? MINUTE_MS : undefined),
    }),
    heldAnswers: new HeldBytes({ bytes: 192 * MEBIBYTE, each: 96 * MEBIBYTE }),
    textWriters: new GatedThreads(MARKDOWN_THREAD, {
      threads: 1,
      heapMegabytes: 128,
      longestMs: 3000,
      runningEach: 1,
      waiting: 32,
      each: 8,
      refusal: tooMany('texts are being written'),
    }),
    layerPackers: new GatedThreads(TWIN_THREAD, {
      threads: 2,
      heapMegabytes: 384,
      longestMs: 60 * MINUTE_MS,
      runningEach: 2,
      waiting: Infinity, // the callers come from `layerDescriptions`, and one from a job
      each: Infinity,
      refusal: tooMany('layers are being unpacked'),
    }),
    layerDescriptions: new WorkGate({
      running: 2,
      runningEach: 1,
      waiting: 64,
      each: 16,
      refusal: tooMany('layers are being read'),
    }),
    searches: new WorkGate({
      running: Math.max(1, Math.min(4, Math.floor(connections / 2))),
      runningEach: 3,
      waiting: 512,
      each: 256,
      refusal: tooMany('searches are running'),
    }),
  } satisfies Partial<Context>;
}

/** Ends the threads; the work in them fails. */
export async function closeWorkshops({
  layerReaders,
  layerChecks: { quick, slow },
  textWriters,
  layerPackers,
}: Needs<'layerReaders' | 'layerChecks' | 'textWriters' | 'layerPackers'>): Promise<void> {
  await Promise.all([layerReaders, quick, slow, textWriters, layerPackers].map((threads) => threads.end()));
}
