import {
  assertMayTry,
  countFailure,
  forgiveFailures,
  LOGIN_LIMITS,
  networkOf,
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
  for (let failures = 0; failures < times; failures += 1)
    reached.push(...(await countFailure(limiters, username, address)));
  return reached;
}

/** How long the next attempt must wait, in seconds; 0 when it need not. */
async function wait(username: string, address: string): Promise<number> {
  try {
    await assertMayTry(limiters, username, address);
    return 0;
  } catch (error) {
    expect(error).toMatchObject({ code: 'busy', message: 'Too many failed logins, try again later' });
    return (error as { retryAfterSeconds: number }).retryAfterSeconds;
  }
}

it('has the limits that the operator was told', () => {
  expect(LOGIN_LIMITS).toEqual({
    pair: { name: 'login_pair', failures: 10, windowSeconds: 900, blockSeconds: 900 },
    address: { name: 'login_address', failures: 100, windowSeconds: 900, blockSeconds: 900 },
    account: { name: 'login_account', failures: 100, windowSeconds: 900, blockSeconds: 30 },
  });
});

it('ten failures of one account from one address block these two together, and nobody else', async () => {
  expect(await fail(9, 'alice', '192.0.2.1')).toEqual([]);
  expect(await wait('alice', '192.0.2.1')).toBe(0);
  expect(await fail(1, 'alice', '192.0.2.1')).toEqual(['pair']);
  expect(await wait('alice', '192.0.2.1')).toBeGreaterThan(800);
  expect(await wait('alice', '192.0.2.2')).toBe(0);
  expect(await wait('carol', '192.0.2.1')).toBe(0);
});

it('the right password forgives what its owner mistyped, and no other address', async () => {
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

it('a hundred failures of one account from many addresses block it for half a minute, no longer', async () => {
  for (let host = 1; host <= 11; host += 1) await fail(9, 'alice', `192.0.2.${host}`);
  expect(await wait('alice', '198.51.100.7')).toBe(0);
  expect(await fail(1, 'alice', '192.0.2.99')).toEqual(['account']);
  const seconds = await wait('alice', '198.51.100.7');
  expect([seconds > 0, seconds <= 30]).toEqual([true, true]);
  expect(await wait('carol', '192.0.2.1')).toBe(0);

  await database.db('rate_limits').where('key', 'like', 'login_account:%').decrement('expire', 30_000);
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
