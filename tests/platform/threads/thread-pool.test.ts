import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import path from 'node:path';
import { ThreadPool } from '../../../src/platform/threads/thread-pool';

let folder: string;
let tasks: string;
let pool: ThreadPool;
beforeAll(async () => {
  folder = await mkdtemp(path.join(process.cwd(), 'dist/threads-'));
  // The pool looks for compiled files in `dist`.
  const file = path.join(folder, 'tasks.js');
  await writeFile(
    file,
    `exports.echo = (task) => task;
     exports.spin = () => { for (;;); };
     exports.hoard = () => { const all = []; for (;;) all.push(new Array(1000).fill(all.length)); };
     exports.rank = () => { require('../src/platform/threads/rank.js').takeThreadRank(); return require('node:os').getPriority(); };
     exports.fail = () => { throw new Error('broken in there'); };`,
  );
  tasks = path.join(process.cwd(), path.relative(path.join(process.cwd(), 'dist'), file));
  pool = new ThreadPool(tasks, {
    threads: 1,
    heapMegabytes: 32,
    longestMs: 1500,
  });
});
afterAll(async () => {
  await pool.end();
  await rm(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;

it('the thread pool runs work in a thread', async () => {
  expect(await pool.run('echo', { text: 'hello' }, { signal: never })).toEqual({ text: 'hello' });
  await expect(pool.run('fail', {}, { signal: never })).rejects.toThrow('broken in there');
});

it('the thread pool ends a looping thread when nobody waits for it, and starts another', async () => {
  const gone = new AbortController();
  const spinning = pool.run('spin', {}, { signal: gone.signal });
  setTimeout(() => gone.abort(new Error('gone')), 100);
  await expect(spinning).rejects.toThrow('gone');
  expect(await pool.run('echo', 1, { signal: never })).toBe(1);
});

it('the thread pool ends a thread that takes too long or too much memory, but not the process', async () => {
  await expect(pool.run('spin', {}, { signal: never })).rejects.toMatchObject({ name: 'ThreadOverrun', kind: 'time' });
  const hoarding = pool.run('hoard', {}, { signal: never });
  await expect(hoarding).rejects.toMatchObject({ name: 'ThreadOverrun' });
  expect(await pool.run('echo', 2, { signal: never })).toBe(2);
});

it('a thread has a lower priority than the event loop on Linux, unless its pool is urgent', async () => {
  const own = getPriority();
  const isLinux = process.platform === 'linux';
  expect(await pool.run('rank', {}, { signal: never })).toBe(isLinux ? Math.max(10, own) : own);
  const urgent = new ThreadPool(tasks, { threads: 1, heapMegabytes: 32, longestMs: 20_000, isUrgent: true });
  expect(await urgent.run('rank', {}, { signal: never })).toBe(own);
  expect(getPriority()).toBe(own);
  await urgent.end();
});
