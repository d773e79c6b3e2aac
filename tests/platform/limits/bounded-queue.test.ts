import { BoundedQueue } from '../../../src/platform/limits/bounded-queue';

/** Work that ends when the test says so. */
function work(): { run: () => Promise<string>; end: () => void; fail: () => void; hasBegun: () => boolean } {
  let begun = false;
  let settle: { resolve: (value: string) => void; reject: (error: Error) => void } | undefined;
  const result = new Promise<string>((resolve, reject) => (settle = { resolve, reject }));
  return {
    run: () => {
      begun = true;
      return result;
    },
    end: () => settle?.resolve('done'),
    fail: () => settle?.reject(new Error('failed')),
    hasBegun: () => begun,
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('the bounded queue runs and queues work up to its limits, and refuses more at once', async () => {
  const queue = new BoundedQueue({ running: 2, waiting: 1 }, 'Too many');
  const pieces = [work(), work(), work()];
  const results = pieces.map(({ run }) => queue.run(run));
  await turn();
  expect(pieces.map(({ hasBegun }) => hasBegun())).toEqual([true, true, false]);

  const late = work();
  await expect(queue.run(late.run)).rejects.toMatchObject({
    code: 'busy',
    message: 'Too many',
    retryAfterSeconds: 2,
  });
  expect(late.hasBegun()).toBe(false);

  pieces[0]!.end();
  await results[0];
  await turn();
  expect(pieces[2]!.hasBegun()).toBe(true);
  pieces.forEach(({ end }) => end());
  expect(await Promise.all(results)).toEqual(['done', 'done', 'done']);
});

it('the bounded queue keeps the order, and passes on the place of failed work', async () => {
  const queue = new BoundedQueue({ running: 1, waiting: 2 }, 'Too many');
  const [first, second, third] = [work(), work(), work()];
  const results = [first, second, third].map(({ run }) => queue.run(run));
  const failure = expect(results[0]).rejects.toThrow('failed');
  first.fail();
  await failure;
  await turn();
  expect([second.hasBegun(), third.hasBegun()]).toEqual([true, false]);
  second.end();
  await results[1];
  await turn();
  expect(third.hasBegun()).toBe(true);
  third.end();
  await results[2];
});

it('the bounded queue has all its places again when all work is done', async () => {
  const queue = new BoundedQueue({ running: 2, waiting: 0 }, 'Too many');
  for (let round = 0; round < 3; round += 1) {
    const pieces = [work(), work()];
    const results = pieces.map(({ run }) => queue.run(run));
    await expect(queue.run(() => Promise.resolve('late'))).rejects.toMatchObject({ code: 'busy' });
    pieces.forEach(({ end }) => end());
    await Promise.all(results);
  }
});
