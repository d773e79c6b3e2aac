import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { FIRST_BYTES, PartMemory } from '../../src/blobs/s3/part-memory';
import { LARGEST_BLOB_BYTES, partBytesOf } from '../../src/blobs/s3/part-sizes';
import { PartsWriter } from '../../src/blobs/s3/parts-writer';

const MEBIBYTE = 1024 * 1024;
const LIMIT = 64 * MEBIBYTE;
const PART_BYTES = partBytesOf(1);
const HALF = Buffer.alloc(PART_BYTES / 2);

/** A write to a store that takes a part when the test lets it. */
class SlowWrite {
  readonly sending: { readonly part: Buffer; readonly resolve: () => void; readonly reject: (error: Error) => void }[] =
    [];
  sent = 0;
  isDone = false;
  /** how often its bytes went aside */
  asides = 0;
  private readonly writer: PartsWriter;

  constructor(memory: PartMemory, partsBefore = 0) {
    let kept = Buffer.alloc(0);
    const aside = {
      put: async (bytes: Buffer): Promise<void> => {
        await sleep(1);
        kept = Buffer.from(bytes);
        this.asides += 1;
      },
      takeBack: () => Readable.from([kept]) as AsyncIterable<Buffer>,
    };
    const send = async (part: Buffer): Promise<void> => {
      await new Promise<void>((resolve, reject) => this.sending.push({ part, resolve, reject }));
      this.sent += part.length;
    };
    this.writer = new PartsWriter({ send, aside, partsBefore }, undefined, memory);
  }

  /** @param chunks - what the client sends */
  async run(chunks: Iterable<Buffer> | AsyncIterable<Buffer> = Array<Buffer>(12).fill(HALF)): Promise<number> {
    try {
      for await (const chunk of chunks) await this.writer.take(chunk);
      return await this.writer.finish();
    } finally {
      await this.writer.release();
      this.isDone = true;
    }
  }
}

/** Lets everything happen that can. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await sleep(1);
}

const onTheWay = (writes: readonly SlowWrite[]): number => writes.reduce((sum, { sending }) => sum + sending.length, 0);

/** Lets the store take a part of each write after the other, until nothing more comes. @returns the most at once */
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

let memory: PartMemory;
beforeEach(() => {
  memory = new PartMemory();
});

it('a write alone has three parts in memory', async () => {
  const write = new SlowWrite(memory);
  const written = write.run();
  await settle();
  expect(write.sending).toHaveLength(3); // the next one waits for the first
  await complete([write]);
  expect([await written, write.sent]).toEqual([6 * PART_BYTES, 6 * PART_BYTES]);
});

it('a hundred writes at once have 64 MiB together, and all end', async () => {
  const writes = Array.from({ length: 100 }, () => new SlowWrite(memory));
  const written = writes.map((write) => write.run());
  const most = await complete(writes);
  expect(await Promise.all(written)).toEqual(writes.map(() => 6 * PART_BYTES));
  expect([most, memory.peak]).toEqual([7, LIMIT]);
});

it('larger parts count as what they are', async () => {
  const sizes = [0, 0, 1500, 0, 5000, 9000, 0];
  const writes = sizes.map((partsBefore) => new SlowWrite(memory, partsBefore));
  const written = writes.map((write) => write.run());
  await complete(writes);
  expect(await Promise.all(written)).toEqual(writes.map(() => 6 * PART_BYTES));
  expect(memory.peak).toBeLessThanOrEqual(LIMIT);
  expect(memory.peak).toBeGreaterThan(LIMIT / 2);
});

it('small writes do not wait for large ones that the store does not take', async () => {
  const large = Array.from({ length: 20 }, () => new SlowWrite(memory));
  const written = large.map((write) => write.run());
  await settle();
  expect(onTheWay(large)).toBe(7);
  const small = Array.from({ length: 30 }, () => new SlowWrite(memory));
  const smallWritten = small.map((write) => write.run([Buffer.alloc(FIRST_BYTES)]));
  await complete(small);
  expect(await Promise.all(smallWritten)).toEqual(small.map(() => FIRST_BYTES));
  expect(large.filter(({ isDone }) => isDone)).toEqual([]);
  await complete(large);
  expect(await Promise.all(written)).toEqual(large.map(() => 6 * PART_BYTES));
});

it('a large write that waits gets its turn before those that came later', async () => {
  const first = Array.from({ length: 7 }, () => new SlowWrite(memory));
  const written = first.map((write) => write.run([HALF, HALF]));
  await settle();
  const giant = new SlowWrite(memory, 9000);
  const ofGiant = giant.run([HALF, HALF, HALF, HALF]);
  const later = Array.from({ length: 7 }, () => new SlowWrite(memory));
  const ofLater = later.map((write) => write.run());
  for (const { sending } of first.slice(0, 3)) for (const { resolve } of sending.splice(0)) resolve();
  await settle();
  expect([giant.sending.map(({ part }) => part.length), onTheWay(later)]).toEqual([[2 * PART_BYTES], 0]);
  await complete([...first, giant, ...later]);
  const all = await Promise.all([...written, ofGiant, ...ofLater]);
  expect(all).toEqual([...first.map(() => PART_BYTES), 2 * PART_BYTES, ...later.map(() => 6 * PART_BYTES)]);
});

it('writes whose clients go away give their parts back, also those that wait', async () => {
  async function* breakingOff(): AsyncGenerator<Buffer> {
    yield HALF;
    await settle();
    throw new Error('gone');
  }
  for (let round = 0; round < 4; round += 1) {
    const writes = Array.from({ length: 20 }, () => new SlowWrite(memory));
    const written = await Promise.allSettled(writes.map((write) => write.run(breakingOff())));
    expect(written.map(({ status }) => status)).toEqual(writes.map(() => 'rejected'));
  }
  const write = new SlowWrite(memory);
  const written = write.run();
  await settle();
  expect(write.sending).toHaveLength(3);
  await complete([write]);
  await written;
});

it('slow writes put their bytes aside while others wait, and go on', async () => {
  memory.setPatience(20);
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  async function* slow(first: Buffer): AsyncGenerator<Buffer> {
    yield first;
    await ended;
    yield HALF;
    yield HALF;
  }
  const firsts = [Buffer.alloc(1000, 1), HALF, Buffer.alloc(PART_BYTES, 2)];
  const writes = Array.from({ length: 120 }, () => new SlowWrite(memory));
  const written = writes.map((write, i) => write.run(slow(firsts[i % 3] ?? HALF)));
  const others = Array.from({ length: 10 }, () => new SlowWrite(memory));
  const othersWritten = others.map((write) => write.run());
  while (others.some(({ isDone }) => !isDone)) await complete(others);
  expect(writes.filter(({ isDone }) => isDone)).toEqual([]);
  expect(writes.filter(({ asides }) => asides > 0).length).toBeGreaterThan(80);
  end();
  while (writes.some(({ isDone }) => !isDone)) await complete(writes);
  expect(await Promise.all(written)).toEqual(writes.map((_, i) => (firsts[i % 3] ?? HALF).length + PART_BYTES));
  expect(await Promise.all(othersWritten)).toEqual(others.map(() => 6 * PART_BYTES));
  expect(memory.peak).toBeLessThanOrEqual(LIMIT);
});

it('a write that the store refuses gives its parts back', async () => {
  for (let round = 0; round < 4; round += 1) {
    const write = new SlowWrite(memory);
    const written = write.run();
    await settle();
    expect(write.sending).toHaveLength(3);
    for (const { reject } of write.sending.splice(0)) reject(new Error('refused'));
    await expect(written).rejects.toThrow('refused');
  }
});

it('parts grow, so that a blob may have 211 GiB in ten thousand parts', () => {
  let bytes = 0;
  for (let number = 1; number <= 10_000; number += 1) bytes += partBytesOf(number);
  expect(bytes).toBe(LARGEST_BLOB_BYTES);
  expect(Math.round(bytes / 1024 ** 3)).toBe(211);
  expect(3 * partBytesOf(10_000)).toBeGreaterThan(LIMIT); // two of them fit into the memory for parts
  expect(2 * partBytesOf(10_000)).toBeLessThan(56 * MEBIBYTE);
});
