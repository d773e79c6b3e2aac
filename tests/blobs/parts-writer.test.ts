import { setImmediate as turn } from 'node:timers/promises';
import { PART_BYTES } from '../../src/blobs/s3/part-buffers';
import { PartsWriter } from '../../src/blobs/s3/parts-writer';

const CHUNK = Buffer.alloc(PART_BYTES / 2);

/** A write of six parts to a store that takes a part when the test lets it. */
class SlowWrite {
  readonly sending: { readonly part: Buffer; readonly resolve: () => void; readonly reject: (error: Error) => void }[] =
    [];
  sent = 0;
  private readonly writer = new PartsWriter(async (part) => {
    await new Promise<void>((resolve, reject) => this.sending.push({ part, resolve, reject }));
    this.sent += part.length;
  }, undefined);

  async run(): Promise<number> {
    try {
      for (let i = 0; i < 12; i += 1) await this.writer.take(CHUNK);
      return await this.writer.finish();
    } finally {
      await this.writer.release();
    }
  }
}

/** Lets everything happen that can. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i += 1) await turn();
}

const onTheWay = (writes: readonly SlowWrite[]): number => writes.reduce((sum, { sending }) => sum + sending.length, 0);

async function complete(writes: readonly SlowWrite[]): Promise<number> {
  let most = 0;
  for (;;) {
    await settle();
    most = Math.max(most, onTheWay(writes));
    const next = writes.flatMap(({ sending }) => sending.splice(0, 1));
    if (next.length === 0) return most;
    for (const { resolve } of next) resolve();
  }
}

it('a write alone has three parts in memory', async () => {
  const write = new SlowWrite();
  const written = write.run();
  await settle();
  expect(write.sending).toHaveLength(3); // the next one waits for the first
  await complete([write]);
  expect([await written, write.sent]).toEqual([6 * PART_BYTES, 6 * PART_BYTES]);
});

it('many writes at once have one part each, and few more together', async () => {
  const writes = Array.from({ length: 8 }, () => new SlowWrite());
  const written = writes.map((write) => write.run());
  const most = await complete(writes);
  expect(await Promise.all(written)).toEqual(writes.map(() => 6 * PART_BYTES));
  expect(most).toBeLessThanOrEqual(8 + 5);
  expect(most).toBeGreaterThan(8);
});

it('a write that fails gives its parts back', async () => {
  for (let round = 0; round < 4; round += 1) {
    const write = new SlowWrite();
    const written = write.run();
    await settle();
    expect(write.sending).toHaveLength(3);
    for (const { reject } of write.sending.splice(0)) reject(new Error('refused'));
    await expect(written).rejects.toThrow('refused');
  }
});
