import bcrypt from 'bcrypt';
import { PasswordChecker } from '../../../src/platform/passwords/password-checker';

const LIMITS = { cost: 4, running: 1, waiting: 2 };

let checker: PasswordChecker;
let stored: string;
let compare: jest.SpyInstance;
beforeEach(async () => {
  checker = new PasswordChecker(LIMITS);
  stored = await checker.hash('secret');
  compare = jest.spyOn(bcrypt, 'compare');
});
afterEach(() => jest.restoreAllMocks());

it('a right password is compared once, and then remembered', async () => {
  expect(checker.isRemembered('alice', 'secret', stored)).toBe(false);
  for (let turn = 0; turn < 3; turn += 1) expect(await checker.check('alice', 'secret', stored)).toBe(true);
  expect(compare).toHaveBeenCalledTimes(1);
  expect(checker.isRemembered('alice', 'secret', stored)).toBe(true);
});

it('a wrong password is compared every time', async () => {
  for (let turn = 0; turn < 3; turn += 1) expect(await checker.check('alice', 'wrong', stored)).toBe(false);
  expect(compare).toHaveBeenCalledTimes(3);
  expect(checker.isRemembered('alice', 'wrong', stored)).toBe(false);
});

it('a remembered check applies only to its user, password and stored hash', async () => {
  await checker.check('alice', 'secret', stored);
  expect(checker.isRemembered('carol', 'secret', stored)).toBe(false);
  expect(checker.isRemembered('alice', 'secret2', stored)).toBe(false);
  expect(checker.isRemembered('alice', 'secret', await checker.hash('secret'))).toBe(false);
});

it('equal checks at the same time share one comparison, so that they never fill the queue', async () => {
  const checks = Array.from({ length: 20 }, () => checker.check('alice', 'secret', stored));
  expect(await Promise.all(checks)).toEqual(checks.map(() => true));
  expect(compare).toHaveBeenCalledTimes(1);
});

it('an unknown user causes a comparison, too, which never succeeds', async () => {
  expect(await checker.check('nobody', 'secret', undefined)).toBe(false);
  expect(compare).toHaveBeenCalledTimes(1);
  const [, hash] = compare.mock.calls[0] as [string, string];
  expect(bcrypt.getRounds(hash)).toBe(LIMITS.cost);
});

it('a check is refused when the queue is full, but a remembered one still passes', async () => {
  await checker.check('alice', 'secret', stored);
  const guesses = ['one', 'two', 'three'].map((guess) => checker.check('alice', guess, stored));
  await expect(checker.check('alice', 'four', stored)).rejects.toMatchObject({ code: 'busy', retryAfterSeconds: 2 });
  await expect(checker.check('nobody', 'four', undefined)).rejects.toMatchObject({ code: 'busy' });
  await expect(checker.hash('four')).rejects.toMatchObject({ code: 'busy' });
  expect(await checker.check('alice', 'secret', stored)).toBe(true);
  expect(await Promise.all(guesses)).toEqual([false, false, false]);
  expect(await checker.check('alice', 'four', stored)).toBe(false);
});
