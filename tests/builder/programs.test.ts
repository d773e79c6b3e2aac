import { once } from 'node:events';
import { startAs } from '../../src/builder/sandbox/programs';

const TRUE = { program: 'true', args: [], environment: { PATH: process.env['PATH'] ?? '' } };

it('ending a program that has just ended does nothing (R375)', async () => {
  const programs = [1, 2].map(() => {
    const ending = new AbortController();
    return { ending, child: startAs(undefined, TRUE, ending.signal) };
  });
  const ends = programs.map(({ child }) => once(child, 'exit'));
  for (const { child } of programs) child.once('exit', () => programs.forEach(({ ending }) => ending.abort()));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500); // both end, and are found to have ended at once
  expect(await Promise.all(ends)).toEqual([
    [0, null],
    [0, null],
  ]);
});
