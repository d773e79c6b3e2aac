import { countReceived } from '../../../src/platform/bytes/young-garbage';

const MEGABYTE = 2 ** 20;

/** Drops many buffers at once; returns the number of their bytes that existed at the same time. */
function highestOf(received: (bytes: number) => void): number {
  const before = process.memoryUsage().arrayBuffers;
  let highest = 0;
  for (let megabytes = 0; megabytes < 200; megabytes += 1) {
    received(Buffer.allocUnsafeSlow(MEGABYTE).length);
    highest = Math.max(highest, process.memoryUsage().arrayBuffers - before);
  }
  return highest;
}

it('received buffers are freed before they pile up, which V8 alone would do later', () => {
  countReceived(64 * MEGABYTE);
  expect(highestOf(countReceived)).toBeLessThan(20 * MEGABYTE);
  expect(highestOf(() => undefined)).toBeGreaterThan(20 * MEGABYTE);
});
