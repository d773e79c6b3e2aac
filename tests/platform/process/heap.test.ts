import { shrinkHeapSoon } from '../../../src/platform/process/heap';

afterEach(() => jest.useRealTimers());

/** Created in a function of its own, so that no variable holds it. */
function remembered(): WeakRef<object> {
  return new WeakRef({});
}

it('what the start of a process has left is collected some seconds later, not at once', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  const left = remembered();
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve)); // until then, a WeakRef holds on
  shrinkHeapSoon();
  await nextTurn();
  expect(left.deref()).toBeDefined();
  await nextTurn();
  jest.advanceTimersByTime(10_000);
  expect(left.deref()).toBeUndefined();
});
