import {
  forgiveFailures,
  LOGIN_LIMITS,
  networkOf,
  tryCode,
  tryCounted,
  type LoginLimit,
  type LoginLimiters,
} from '../../../src/features/accounts/login-limits';
import { createTestContext } from '../../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../../helpers/test-database';

let database: TestDatabase;
let limiters: LoginLimiters;
beforeEach(async () => {
  database = await createTestDatabase();
  limiters = createTestContext(database.db).loginLimiters;
});
afterEach(() => database.drop());

async function fail(times: number, username: string, address: string): Promise<LoginLimit[]> {
  const reached: LoginLimit[] = [];
  for (let failures = 0; failures < times; failures += 1) {
    reached.push(...(await tryCounted(limiters, { username, address }, () => Promise.resolve(false))).reached);
  }
  return reached;
}

const NOT_TRIED = new Error('not tried');

/** How long the next attempt must wait, in seconds; 0 if it need not wait. */
async function wait(username: string, address: string): Promise<number> {
  try {
    await tryCounted(limiters, { username, address }, () => Promise.reject(NOT_TRIED));
    throw new Error('nothing was tried');
  } catch (error) {
    if (error === NOT_TRIED) return 0;
    expect(error).toMatchObject({ code: 'busy', message: 'Too many failed logins' });
    return (error as { retryAfterSeconds: number }).retryAfterSeconds;
  }
}

/** Makes the counts as old as if this time had passed. */
async function age(seconds: number): Promise<void> {
  await database.db.raw(
    `update failure_counts set ends_at = ends_at - make_interval(secs => ?),
       blocked_until = blocked_until - make_interval(secs => ?), taken_at = taken_at - make_interval(secs => ?)`,
    [seconds, seconds, seconds],
  );
}

it('has the limits that the documentation gives', () => {
  expect(LOGIN_LIMITS).toEqual({
    pair: { name: 'login_pair', failures: 10, windowSeconds: 900, blockSeconds: 900 },
    address: { name: 'login_address', failures: 100, windowSeconds: 900, blockSeconds: 900 },
    account: { name: 'login_account', failures: 100, windowSeconds: 900, blockSeconds: 30 },
    code: { name: 'login_code', failures: 10, windowSeconds: 86_400, blockSeconds: 60, longestBlockSeconds: 28_800 },
  });
});

it('ten failures of one account from one address block this account from this address, and nothing else', async () => {
  expect(await fail(9, 'alice', '192.0.2.1')).toEqual([]);
  expect(await wait('alice', '192.0.2.1')).toBe(0);
  expect(await fail(1, 'alice', '192.0.2.1')).toEqual(['pair']);
  expect(await wait('alice', '192.0.2.1')).toBeGreaterThan(800);
  expect(await wait('alice', '192.0.2.2')).toBe(0);
  expect(await wait('carol', '192.0.2.1')).toBe(0);
});

it('the right password forgives the failures from its own address, and from no other', async () => {
  await fail(9, 'alice', '192.0.2.1');
  await fail(9, 'alice', '192.0.2.2');
  await forgiveFailures(limiters, 'alice', '192.0.2.1');
  expect(await fail(9, 'alice', '192.0.2.1')).toEqual([]);
  expect(await fail(1, 'alice', '192.0.2.2')).toEqual(['pair']);
});

it('a hundred failures of one address block it for every account', async () => {
  for (let account = 0; account < 11; account += 1) await fail(9, `user_${account}`, '192.0.2.1');
  expect(await wait('alice', '192.0.2.1')).toBe(0);
  expect(await fail(1, 'alice', '192.0.2.1')).toEqual(['address']);
  expect(await wait('nobody_yet', '192.0.2.1')).toBeGreaterThan(800);
  expect(await wait('nobody_yet', '192.0.2.2')).toBe(0);
});

it('a hundred failures of one account from many addresses block it for half a minute, and no longer', async () => {
  for (let host = 1; host <= 11; host += 1) await fail(9, 'alice', `192.0.2.${host}`);
  expect(await wait('alice', '198.51.100.7')).toBe(0);
  expect(await fail(1, 'alice', '192.0.2.99')).toEqual(['account']);
  const seconds = await wait('alice', '198.51.100.7');
  expect([seconds > 0, seconds <= 30]).toEqual([true, true]);
  expect(await wait('carol', '192.0.2.1')).toBe(0);

  await age(30);
  expect(await wait('alice', '198.51.100.7')).toBe(0);
});

it('addresses of one network of IPv6 count together', async () => {
  for (let host = 1; host <= 10; host += 1) await fail(1, 'alice', `2001:db8:1:2::${host.toString(16)}`);
  expect(await wait('alice', '2001:db8:1:2:ffff::1')).toBeGreaterThan(800);
  expect(await wait('alice', '2001:db8:1:3::1')).toBe(0);
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['unknown', 'unknown'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0db8:0000:00a0:1:2:3:4', '2001:db8:0:a0::/64'],
  ['2001:db8:1:2:3::', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s stands for %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

describe('tries that come at once', () => {
  const settle = async (tries: Promise<unknown>[]) =>
    (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled').length;

  it('150 guesses of one password from one address count as ten tries, and no more', async () => {
    let made = 0;
    const guess = () => {
      made += 1;
      return Promise.resolve(false);
    };
    const guesses = Array.from({ length: 150 }, () =>
      tryCounted(limiters, { username: 'alice', address: '192.0.2.1' }, guess),
    );
    expect([await settle(guesses), made]).toEqual([10, 10]);
    expect(await wait('alice', '192.0.2.1')).toBeGreaterThan(800);
  });

  it('150 guesses of one code, from as many addresses, count as ten tries, and no more', async () => {
    let made = 0;
    const guess = () => {
      made += 1;
      return Promise.resolve(false);
    };
    const guesses = Array.from({ length: 150 }, () => tryCode(limiters, 'alice', guess));
    expect([await settle(guesses), made]).toEqual([10, 10]);
  });

  it('150 right logins from one address all succeed, whatever the limits are', async () => {
    const logins = Array.from({ length: 150 }, (_, index) =>
      tryCounted(limiters, { username: `engine_${index % 40}`, address: '192.0.2.1' }, () => Promise.resolve(true)),
    );
    expect(await settle(logins)).toBe(150);
    expect(await fail(9, 'engine_1', '192.0.2.1')).toEqual([]);
  });

  it('a try that cannot be made does not count as a failure', async () => {
    for (let tries = 0; tries < 12; tries += 1) await wait('alice', '192.0.2.1');
    expect(await fail(9, 'alice', '192.0.2.1')).toEqual([]);
  });
});

describe('codes of a second factor', () => {
  const wrong = async () => (await tryCode(limiters, 'alice', () => Promise.resolve(false))).pausedFor;
  const right = () => tryCode(limiters, 'alice', () => Promise.resolve(true));

  it('cause a pause of a minute after ten wrong ones, and twice as long a pause after each further one', async () => {
    for (let tries = 0; tries < 9; tries += 1) expect(await wrong()).toBeUndefined();
    const pauses: (number | undefined)[] = [];
    for (let round = 0; round < 11; round += 1) {
      const pause = await wrong();
      pauses.push(pause);
      await expect(right()).rejects.toMatchObject({ code: 'busy' });
      await age(pause ?? 0);
    }
    expect(pauses).toEqual([60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 28_800, 28_800]);
    expect(await right()).toEqual({ isRight: true, pausedFor: undefined });
  });

  it('are not counted if they are right, but a right one does not forgive wrong ones before it', async () => {
    for (let tries = 0; tries < 9; tries += 1) await wrong();
    for (let tries = 0; tries < 20; tries += 1) await right();
    expect(await wrong()).toBe(60);
  });

  it('are forgotten after a day', async () => {
    for (let tries = 0; tries < 9; tries += 1) await wrong();
    await age(86_400);
    for (let tries = 0; tries < 9; tries += 1) expect(await wrong()).toBeUndefined();
  });
});
