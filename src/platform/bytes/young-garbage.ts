import { collectYoung } from '../process/heap';

/*
 * Each piece of a body that Node receives is a new buffer, whose bytes lie outside of V8's heap. V8 sees a heap that
 * grows by megabytes and collects all of it, old and young, again and again during a large layer. The pieces die young,
 * and a minor collection frees them in a few milliseconds if it runs before the major one. To collect more often costs
 * more than it saves: it also declares what is in use for a moment only to be old (bench/RESULTS.md).
 */

const COLLECT_BYTES = 16 * 1024 * 1024;

let receivedBytes = 0;

/**
 * Counts bytes that arrived in buffers of their own, and from time to time collects the buffers that are no longer
 * used.
 */
export function countReceived(bytes: number): void {
  receivedBytes += bytes;
  if (receivedBytes < COLLECT_BYTES) return;
  receivedBytes = 0;
  collectYoung();
}
