import { setTimeout as sleep } from 'node:timers/promises';
import { BriefCache } from '../../../src/platform/cache/brief-cache';

const MINUTE = { entries: 2, longestMs: 60_000 };

it('the brief cache loads once for simultaneous callers and for those shortly afterwards', async () => {
  const cache = new BriefCache<number>(MINUTE);
  let asked = 0;
  const load = async (): Promise<number> => {
    await sleep(20);
    asked += 1;
    return asked;
  };
  expect(await Promise.all([cache.get('a', load), cache.get('a', load)])).toEqual([1, 1]);
  expect(await cache.get('a', load)).toBe(1);
  expect(await cache.get('b', load)).toBe(2);
});

it('the brief cache loads again after the longest time', async () => {
  const cache = new BriefCache<string>({ entries: 2, longestMs: 10 });
  expect(await cache.get('a', () => Promise.resolve('old'))).toBe('old');
  await sleep(30);
  expect(await cache.get('a', () => Promise.resolve('new'))).toBe('new');
});

it('the brief cache remembers no failure, and no more entries than its limit', async () => {
  const cache = new BriefCache<string>(MINUTE);
  const slowly = async (answer: string): Promise<string> => {
    await sleep(20);
    return answer;
  };
  await expect(cache.get('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  for (const key of ['a', 'b', 'c']) expect(await cache.get(key, () => slowly(`${key}1`))).toBe(`${key}1`);
  expect(await cache.get('c', () => slowly('c2'))).toBe('c1');
  expect(await cache.get('a', () => slowly('a2'))).toBe('a2');
});
