import { constants, PerformanceObserver, type NodeGCPerformanceDetail, type PerformanceEntry } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { countReceived } from '../../../src/platform/bytes/young-garbage';

const MEGABYTE = 2 ** 20;

/** What Node.js reports of a collection; its types leave the detail out. */
type Collection = PerformanceEntry & { readonly detail: NodeGCPerformanceDetail };

/** More than Node.js needs to report a collection. */
const TURNS = 10;

it('received buffers are collected once 16 MiB have arrived, and freed', async () => {
  countReceived(16 * MEGABYTE); // whatever was counted before, nothing is now
  for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    const kinds = (list.getEntries() as Collection[]).map(({ detail }) => detail.kind);
    collections += kinds.filter((kind) => kind === constants.NODE_PERFORMANCE_GC_MINOR).length;
  });
  observer.observe({ entryTypes: ['gc'] });
  const before = process.memoryUsage().arrayBuffers;
  const remaining = (): number => process.memoryUsage().arrayBuffers - before;
  for (let megabytes = 0; megabytes < 16; megabytes += 1) countReceived(Buffer.allocUnsafeSlow(MEGABYTE).length);
  for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
  observer.disconnect();
  expect(collections).toBeGreaterThan(0);
  // A thread of V8 frees the memory, and takes its time on a busy machine.
  for (let waits = 0; waits < 1000 && remaining() > 4 * MEGABYTE; waits += 1) await sleep(5);
  expect(remaining()).toBeLessThanOrEqual(4 * MEGABYTE);
});
