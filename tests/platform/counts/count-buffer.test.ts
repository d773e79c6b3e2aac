import { CountBuffer, type CountBatch } from '../../../src/platform/counts/count-buffer';
import { createLogger } from '../../../src/platform/log/logger';

type Kind = 'seen' | 'heard';
const NEVER = { everyMs: 3_600_000, entries: 1_000_000 };
const log = createLogger('silent');

/** A buffer and what it saved; `fail` makes the next attempts fail. */
function buffer(limits = NEVER) {
  const saved: CountBatch<Kind>[] = [];
  const attempts: CountBatch<Kind>[] = [];
  let failures = 0;
  const counts = new CountBuffer<Kind>(
    (batch) => {
      attempts.push(batch);
      if (failures > 0) {
        failures -= 1;
        return Promise.reject(new Error('not now'));
      }
      saved.push(batch);
      return Promise.resolve();
    },
    log,
    limits,
  );
  return { counts, saved, attempts, fail: (times: number) => (failures = times) };
}

afterEach(() => jest.useRealTimers());

const timesOf = ({ counts }: CountBatch<Kind>) => counts.map(({ subject, label, times }) => [subject, label, times]);

it('the count buffer saves sums, and nothing when nothing was counted', async () => {
  const { counts, saved } = buffer();
  await counts.flush();
  expect(saved).toEqual([]);
  for (let turn = 0; turn < 3; turn += 1) counts.add('seen', 1, 'a');
  counts.add('heard', 1, 'a');
  counts.add('seen', 1, 'b');
  counts.add('seen', 2, 'a');
  await counts.flush();
  counts.add('seen', 2, 'a');
  await counts.flush();
  await counts.flush();
  expect(saved.map(timesOf)).toEqual([
    [
      [1, 'a', { seen: 3, heard: 1 }],
      [1, 'b', { seen: 1 }],
      [2, 'a', { seen: 1 }],
    ],
    [[2, 'a', { seen: 1 }]],
  ]);
});

it('a failed batch is tried again, unchanged and before any newer one, with the numbers in order', async () => {
  const { counts, saved, attempts, fail } = buffer();
  fail(2);
  counts.add('seen', 1, 'a');
  await expect(counts.flush()).rejects.toThrow('not now');
  counts.add('seen', 1, 'a');
  await expect(counts.flush()).rejects.toThrow('not now');
  counts.add('seen', 1, 'a');
  await counts.flush();
  expect(attempts[1]).toEqual(attempts[0]);
  expect(attempts[2]).toEqual(attempts[0]);
  expect(saved.map(timesOf)).toEqual([[[1, 'a', { seen: 1 }]], [[1, 'a', { seen: 2 }]]]);
  expect(saved.map(({ number }) => number)).toEqual([1, 2]);
  expect(new Set(saved.map(({ source }) => source)).size).toBe(1);
});

it('each day has a batch of its own', async () => {
  jest.useFakeTimers({ now: new Date('2016-12-31T23:59:59.900Z'), doNotFake: ['nextTick', 'queueMicrotask'] });
  const { counts, saved } = buffer();
  counts.add('seen', 1, 'a');
  jest.setSystemTime(new Date('2017-01-01T00:00:00Z'));
  counts.add('seen', 1, 'a');
  await counts.flush();
  expect(saved.map(({ day, counts: sums }) => [day, sums.length])).toEqual([
    ['2016-12-31', 1],
    ['2017-01-01', 1],
  ]);
});

it('the count buffer keeps 100 labels of a subject apart and counts the others together, without losing any', async () => {
  const { counts, saved } = buffer();
  for (let turn = 0; turn < 2; turn += 1) {
    for (let index = 0; index < 150; index += 1) counts.add('seen', 1, `label ${index}`);
  }
  counts.add('seen', 1, undefined);
  counts.add('seen', 2, 'label 149');
  await counts.flush();
  const sums = saved[0]!.counts.filter(({ subject }) => subject === 1);
  expect(sums).toHaveLength(101);
  expect(sums.find(({ label }) => label === undefined)?.times).toEqual({ seen: 101 });
  expect(sums.filter(({ label, times }) => label !== undefined && times.seen === 2)).toHaveLength(100);
  expect(saved[0]!.counts.find(({ subject }) => subject === 2)?.label).toBe('label 149');
});

it('the count buffer saves by itself periodically, and at once when it is large', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  const { counts, saved } = buffer({ everyMs: 2000, entries: 3 });
  counts.add('seen', 1, 'a');
  await jest.advanceTimersByTimeAsync(1999);
  expect(saved).toHaveLength(0);
  await jest.advanceTimersByTimeAsync(1);
  expect(saved).toHaveLength(1);
  for (const label of ['a', 'b', 'c']) counts.add('seen', 1, label);
  await jest.advanceTimersByTimeAsync(1);
  expect(saved).toHaveLength(2);
  counts.add('seen', 1, 'a');
  await jest.advanceTimersByTimeAsync(2000);
  expect(saved).toHaveLength(3);
  expect(jest.getTimerCount()).toBe(0);
});

it('the count buffer continues by itself after a failure', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  const { counts, saved, fail } = buffer({ everyMs: 2000, entries: 100 });
  fail(2);
  counts.add('seen', 1, 'a');
  await jest.advanceTimersByTimeAsync(4000);
  expect(saved).toHaveLength(0);
  await jest.advanceTimersByTimeAsync(2000);
  expect(saved.map(timesOf)).toEqual([[[1, 'a', { seen: 1 }]]]);
});

it('the count buffer saves the rest when it stops, trying more than once', async () => {
  const { counts, saved, fail } = buffer();
  fail(1);
  counts.add('seen', 1, 'a');
  await counts.stop();
  expect(saved).toHaveLength(1);
});

it('a save includes everything that was added before, even while another batch is being saved', async () => {
  const saved: CountBatch<Kind>[] = [];
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const counts = new CountBuffer<Kind>(
    async (batch) => {
      begin();
      await finished;
      saved.push(batch);
    },
    log,
    NEVER,
  );
  counts.add('seen', 1, 'a');
  const first = counts.flush();
  await begun;
  counts.add('seen', 1, 'a');
  const second = counts.stop();
  finish();
  await Promise.all([first, second]);
  expect(saved.map(timesOf)).toEqual([[[1, 'a', { seen: 1 }]], [[1, 'a', { seen: 1 }]]]);
});
