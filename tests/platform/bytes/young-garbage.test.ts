import { setTimeout as sleep } from 'node:timers/promises';
import { countReceived } from '../../../src/platform/bytes/young-garbage';

const MEGABYTE = 2 ** 20;

it('received buffers are freed once 16 MiB of them have arrived', async () => {
  countReceived(16 * MEGABYTE); // whatever was counted before, nothing is now
  const before = process.memoryUsage().arrayBuffers;
  for (let megabytes = 0; megabytes < 16; megabytes += 1) countReceived(Buffer.allocUnsafeSlow(MEGABYTE).length);
  // V8 frees the memory in a thread of its own; if it were not asked to, it would wait for much more.
  while (process.memoryUsage().arrayBuffers - before > 4 * MEGABYTE) await sleep(5);
});
