import { FailureLimiter, forgetOldCounts } from '../../../src/platform/limits/failure-limiter';
import { openDb } from '../../../src/platform/db/db';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

const LIMIT = { name: 'test', failures: 3, windowSeconds: 900, blockSeconds: 60 };

let database: TestDatabase;
let limiter: FailureLimiter;
beforeEach(async () => {
  database = await createTestDatabase();
  limiter = new FailureLimiter(database.db, LIMIT);
});
afterEach(() => database.drop());

/** Moves everything this far into the past. */
async function age(seconds: number): Promise<void> {
  await database.db.raw(
    `update failure_counts set ends_at = ends_at - make_interval(secs => ?),
       blocked_until = blocked_until - make_interval(secs => ?), taken_at = taken_at - make_interval(secs => ?)`,
    [seconds, seconds, seconds],
  );
}

it('the failure limiter blocks at the last failure, reports it once, and says for how long', async () => {
  expect([await limiter.fail('alice'), await limiter.fail('alice')]).toEqual([false, false]);
  expect(await limiter.waitSeconds('alice')).toBe(0);
  expect(await limiter.fail('alice')).toBe(true);
  expect(await limiter.waitSeconds('alice')).toBeGreaterThan(LIMIT.blockSeconds - 30);
  expect(await limiter.waitSeconds('alice')).toBeLessThanOrEqual(LIMIT.blockSeconds);
  expect(await limiter.fail('alice')).toBe(false);
  expect(await limiter.waitSeconds('carol')).toBe(0);
});

it('failures during a block do not extend it', async () => {
  for (let failures = 0; failures < 3; failures += 1) await limiter.fail('alice');
  await age(40);
  for (let failures = 0; failures < 5; failures += 1) await limiter.fail('alice');
  expect(await limiter.waitSeconds('alice')).toBeLessThanOrEqual(20);
});

it('the count of failures starts again after a block, and after the window', async () => {
  for (let failures = 0; failures < 3; failures += 1) await limiter.fail('alice');
  await limiter.fail('carol');
  await limiter.fail('carol');
  await age(901);
  expect(await limiter.waitSeconds('alice')).toBe(0);
  for (const name of ['alice', 'carol']) {
    expect([await limiter.fail(name), await limiter.fail(name), await limiter.fail(name)]).toEqual([
      false,
      false,
      true,
    ]);
  }
});

it('the failure limiter forgets the failures of a subject', async () => {
  await limiter.fail('alice');
  await limiter.fail('alice');
  await limiter.forgive('alice');
  expect(await limiter.fail('alice')).toBe(false);
});

it('failures are counted for all processes together, without losing simultaneous ones', async () => {
  const db = openDb(database.connection);
  const other = new FailureLimiter(db, { ...LIMIT, failures: 20 });
  const one = new FailureLimiter(database.db, { ...LIMIT, failures: 20 });
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other).fail('alice')),
  );
  expect(outcomes.filter((isBlocking) => isBlocking)).toHaveLength(1);
  expect(await one.waitSeconds('alice')).toBeGreaterThan(0);
  expect(await other.waitSeconds('alice')).toBeGreaterThan(0);
  await db.destroy();
});

it('failure limits with different names are independent', async () => {
  const other = new FailureLimiter(database.db, { ...LIMIT, name: 'other' });
  for (let failures = 0; failures < 3; failures += 1) await limiter.fail('alice');
  expect(await other.waitSeconds('alice')).toBe(0);
});

it('the failure limiter accepts any text from a client as a subject', async () => {
  const subject = `\0${'x'.repeat(100_000)}\ud800`;
  expect(await limiter.fail(subject)).toBe(false);
  expect(await limiter.waitSeconds(subject)).toBe(0);
});

it('expired counts of failures are removed, the others stay', async () => {
  await limiter.fail('old');
  await age(901);
  await limiter.fail('new');
  await forgetOldCounts(database.db);
  expect(await database.db('failure_counts').count<[{ count: number }]>()).toEqual([{ count: 1 }]);
  await limiter.fail('new');
  expect(await limiter.fail('new')).toBe(true);
});

describe('an attempt that is counted in advance', () => {
  it('waits for undecided attempts, and is refused only when they have failed', async () => {
    for (let tries = 0; tries < LIMIT.failures; tries += 1) expect(await limiter.take('alice')).toBe(0);
    const waiting = limiter.take('alice');
    expect(await limiter.waitSeconds('alice')).toBe(0);
    await limiter.giveBack('alice');
    expect(await waiting).toBe(0);
    expect([await limiter.decideFailed('alice'), await limiter.decideFailed('alice')]).toEqual([false, false]);
    expect(await limiter.decideFailed('alice')).toBe(true);
    expect(await limiter.take('alice')).toBeGreaterThan(LIMIT.blockSeconds - 30);
  });

  it('counts as failed if its process is gone', async () => {
    for (let tries = 0; tries < LIMIT.failures; tries += 1) await limiter.take('alice');
    await age(31);
    expect(await limiter.take('alice')).toBeGreaterThan(0);
    await age(LIMIT.blockSeconds);
    expect(await limiter.take('alice')).toBe(0);
  });

  it('clears earlier failures, but not undecided attempts', async () => {
    await limiter.fail('alice');
    await limiter.take('alice');
    await limiter.take('alice');
    await limiter.giveBack('alice', { forgets: true });
    expect(await limiter.decideFailed('alice')).toBe(false);
    expect(await limiter.fail('alice')).toBe(false);
    expect(await limiter.fail('alice')).toBe(true);
  });
});

it('a host with a wrong clock neither ends a pause nor extends it', async () => {
  for (let failures = 0; failures < LIMIT.failures; failures += 1) await limiter.fail('alice');
  const wait = await limiter.waitSeconds('alice');
  for (const hours of [-24, 24]) {
    const clock = jest.spyOn(Date, 'now').mockReturnValue(new Date().getTime() + hours * 3_600_000);
    const seen = await limiter.waitSeconds('alice');
    clock.mockRestore();
    expect([seen <= wait, seen > wait - 30]).toEqual([true, true]);
  }
});
