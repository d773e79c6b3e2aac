import { RecurringErrors } from '../../../src/platform/log/recurring-errors';

let told: [message: string, again: number][];
let errors: RecurringErrors;
beforeEach(() => {
  jest.useFakeTimers();
  told = [];
  errors = new RecurringErrors((message, again) => told.push([message, again]));
});
afterEach(() => jest.useRealTimers());

function fails(message: string, text = 'The database does not answer'): boolean {
  return errors.admits([{ err: new Error(message) }, text]);
}

it('a recurring error is written once a second, followed by the number of repetitions (R91)', () => {
  expect([1, 2, 3, 4].map(() => fails('connect ECONNREFUSED'))).toEqual([true, false, false, false]);
  expect(told).toEqual([]);
  jest.advanceTimersByTime(1000);
  expect(told).toEqual([['The database does not answer', 3]]);
  expect(fails('connect ECONNREFUSED')).toBe(true);
  jest.advanceTimersByTime(1000);
  expect(told).toHaveLength(1);
});

it('recurring errors are distinguished by their message', () => {
  expect([fails('one'), fails('other'), fails('one', 'request failed')]).toEqual([true, true, true]);
});

it('a line without an error is never held back', () => {
  const line = [{ status: 200 }, 'request'];
  expect([errors.admits(line), errors.admits(line), errors.admits(['text']), errors.admits(['text'])]).not.toContain(
    false,
  );
});

it('the kinds of errors beyond a hundred in a second count as one', () => {
  const written = Array.from({ length: 500 }, (_, index) => fails(`error ${index}`)).filter(Boolean);
  expect(written).toHaveLength(101);
});
