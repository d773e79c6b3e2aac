import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/*
 * Each piece of a body that Node receives is a new buffer, whose bytes lie outside of V8's heap. V8 sees a heap that
 * grows by megabytes and cleans up all of it, old and young, some fifteen times in a layer of 256 MiB; measured, that
 * was a third of an upload's CPU time. The pieces die young, and a small collection frees them for less than a
 * millisecond, when it comes before the large one.
 */

const COLLECT_BYTES = 4 * 1024 * 1024;

type Collect = (options: { type: 'minor' }) => void;

function findCollector(): Collect {
  setFlagsFromString('--expose-gc'); // shows in contexts that are made from now on, not in the one of the program
  const found: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined");
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? (found as Collect) : () => undefined;
}

let collect: Collect | undefined;
let receivedBytes = 0;

/** Counts bytes that came in buffers of their own; now and then collects those that nobody has any more. */
export function countReceived(bytes: number): void {
  receivedBytes += bytes;
  if (receivedBytes < COLLECT_BYTES) return;
  receivedBytes = 0;
  collect ??= findCollector();
  collect({ type: 'minor' });
}
