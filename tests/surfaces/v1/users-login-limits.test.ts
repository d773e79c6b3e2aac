import request, { type Response } from 'supertest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { trustProxies } from '../../../src/platform/http/client-address';
import { setStatus } from '../../../src/features/namespaces/account-status';
import { startSibling } from '../../helpers/sibling-server';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
let sibling: Awaited<ReturnType<typeof startSibling>>;
beforeEach(async () => {
  server = await startTestServer({ settings: { trustsProxy: trustProxies(['loopback']) } });
  sibling = await startSibling(server);
  await addUser(server, 'alice');
  await addUser(server, 'carol');
});
afterEach(async () => {
  await sibling.close();
  await server.close();
});

const both = (): [TestServer['server'], TestServer['server']] => [server.server, sibling.server];

/** A login through a proxy, so that it may come from any address. */
function login(authorization: string, address = '192.0.2.1', at = server.server): request.Test {
  return request(at).get('/v1/users').set('X-Forwarded-For', address).set('Authorization', authorization);
}

async function fail(times: number, username: string, address: string): Promise<void> {
  for (let failures = 0; failures < times; failures += 1) {
    await login(basic(username, 'wrong'), address, both()[failures % 2]).expect(401);
  }
}

function expectBusy(response: Response, body: unknown): number {
  expect([response.status, JSON.parse(response.text)]).toEqual([429, body]);
  expect(response.headers['content-type']).toBe('application/json');
  expect(response.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  return Number(response.headers['retry-after']);
}

const TOO_MANY = 'Too many failed logins, try again later';

it('failures at two processes count together, for one account from one address', async () => {
  await fail(10, 'alice', '192.0.2.1');
  for (const at of both()) {
    for (const password of ['wrong', 'alicepw']) {
      const seconds = expectBusy(await login(basic('alice', password), '192.0.2.1', at), TOO_MANY);
      expect(seconds).toBeLessThanOrEqual(900);
    }
    await login(basic('alice'), '192.0.2.2', at).expect(200);
    await login(basic('carol'), '192.0.2.1', at).expect(200);
  }
});

it('150 guesses at once, at two processes, are ten attempts; correct logins at once all succeed (R162)', async () => {
  const guesses = Array.from({ length: 150 }, (_, index) =>
    login(basic('alice', `guess_${index}`), '192.0.2.1', both()[index % 2]),
  );
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(140);
  // A fleet behind one address, after a restart: nothing is remembered yet.
  const engines = Array.from({ length: 150 }, (_, index) =>
    login(basic(index % 3 === 0 ? 'alice' : 'carol'), '192.0.2.2', both()[index % 2]),
  );
  expect(new Set((await Promise.all(engines)).map(({ status }) => status))).toEqual(new Set([200]));
});

it('a block is explained in the words of each part of the protocol', async () => {
  await fail(10, 'alice', '192.0.2.1');
  const ask = (test: request.Test) =>
    test.set('X-Forwarded-For', '192.0.2.1').set('Authorization', basic('alice', 'wrong'));
  const at = server.server;
  expectBusy(await ask(request(at).get('/v1/users/')), TOO_MANY);
  expectBusy(await ask(request(at).put('/v1/users/alice/').send({})), TOO_MANY);
  expectBusy(await ask(request(at).put('/v1/repositories/alice/app/').send([])), { error: TOO_MANY });
  expectBusy(await ask(request(at).get('/v1/repositories/alice/app/images')), { error: TOO_MANY });
  expectBusy(await ask(request(at).get('/v1/repositories/alice/app/tags')), { error: TOO_MANY });
  expectBusy(await ask(request(at).get(`/v1/images/${'a'.repeat(64)}/json`)), { error: TOO_MANY });
});

it('an address that fails under many names is blocked for all of them, also for names that do not exist', async () => {
  for (let name = 0; name < 20; name += 1) await fail(5, `guessed_${name}`, '192.0.2.1');
  for (const at of both()) {
    expectBusy(await login(basic('alice'), '192.0.2.1', at), TOO_MANY);
    expectBusy(await login(basic('nobody'), '192.0.2.1', at), TOO_MANY);
    await login(basic('alice'), '198.51.100.7', at).expect(200);
  }
});

it('attackers at many addresses cannot lock out an owner: not at all from the usual address, otherwise for 30 seconds', async () => {
  await login(basic('alice'), '198.51.100.7').expect(200);
  for (let host = 1; host <= 11; host += 1) await fail(9, 'alice', `192.0.2.${host}`);
  await fail(1, 'alice', '192.0.2.12');
  // This process knows the owner's password, the other one does not.
  await login(basic('alice'), '198.51.100.7').expect(200);
  const seconds = expectBusy(await login(basic('alice'), '198.51.100.7', sibling.server), TOO_MANY);
  expect(seconds).toBeLessThanOrEqual(30);
  await server.ctx.db.raw(
    `update failure_counts set blocked_until = blocked_until - make_interval(secs => ?),
       ends_at = ends_at - make_interval(secs => ?) where key like 'login_account:%'`,
    [seconds, seconds],
  );
  await login(basic('alice'), '198.51.100.7', sibling.server).expect(200);
});

it("a client's own X-Forwarded-For does not count if no proxy is trusted", async () => {
  const open = await startTestServer();
  await addUser(open, 'alice');
  for (let host = 1; host <= 10; host += 1) {
    await login(basic('alice', 'wrong'), `192.0.2.${host}`, open.server).expect(401);
  }
  expectBusy(await login(basic('alice'), '192.0.2.99', open.server), TOO_MANY);
  await open.close();
});

it('a changed password ends the old one at once at every process, although both remember it', async () => {
  const tags = (authorization: string, at: TestServer['server']) =>
    request(at).get('/v1/repositories/alice/app/tags').set('Authorization', authorization);
  await request(server.server).put('/v1/repositories/alice/app/').set('Authorization', basic('alice')).send([]);
  for (const at of both()) {
    await login(basic('alice'), '192.0.2.1', at).expect(200);
    await tags(basic('alice'), at).expect(200);
  }
  await request(sibling.server)
    .put('/v1/users/alice')
    .set('Authorization', basic('alice'))
    .send({ password: 'another' })
    .expect(204);
  for (const at of both()) {
    await login(basic('alice'), '192.0.2.1', at).expect(401, '"Unauthorized"');
    await tags(basic('alice'), at).expect(401);
    await login(basic('alice', 'another'), '192.0.2.1', at).expect(200);
    await tags(basic('alice', 'another'), at).expect(200);
  }
});

it('an account that is deactivated is refused at once at every process, and only its owner learns why', async () => {
  for (const at of both()) await login(basic('alice'), '192.0.2.1', at).expect(200);
  await setStatus(server.ctx, OPERATOR_ACTOR, 'alice', { isActive: false });
  for (const at of both()) {
    await login(basic('alice'), '192.0.2.1', at).expect(403, '"Account is not Active"');
    await login(basic('alice', 'wrong'), '192.0.2.1', at).expect(401, '"Unauthorized"');
  }
});

describe('a flood of logins', () => {
  let slow: TestServer;
  beforeEach(async () => {
    slow = await startTestServer({ passwords: { cost: 12, running: 1, waiting: 3 } });
  });
  afterEach(() => slow.close());

  it('is refused beyond the queue, and everything else goes on in the meantime', async () => {
    const order: string[] = [];
    const flood = Array.from({ length: 30 }, async (_, index) => {
      const response = await request(slow.server)
        .get('/v1/users')
        .set('Authorization', basic(`guess_${index}`, 'wrong'));
      order.push(`login ${response.status}`);
      return response;
    });
    const pings = Array.from({ length: 20 }, async () => {
      const { status } = await request(slow.server).get('/v1/_ping');
      order.push(`ping ${status}`);
    });
    const answers = await Promise.all(flood);
    await Promise.all(pings);

    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const response of refused) expect(expectBusy(response, 'Too many logins at once, try again later')).toBe(2);
    const tried = answers.filter(({ status }) => status === 401);
    expect(tried.length).toBeGreaterThanOrEqual(4);
    expect(tried.length + refused.length).toBe(30);
    // Four comparisons, one after the other, take longer than all the pings.
    expect(order.filter((entry) => entry === 'ping 200')).toHaveLength(20);
    expect(order.lastIndexOf('ping 200')).toBeLessThan(order.lastIndexOf('login 401'));
  });

  it('is refused in the words of the index and of the registry, like a registration', async () => {
    const at = slow.server;
    const ask = async (index: number): Promise<Response> => {
      const authorization = basic(`guess_${index}`, 'wrong');
      if (index % 3 === 0)
        return request(at).get('/v1/repositories/alice/app/images').set('Authorization', authorization);
      if (index % 3 === 1)
        return request(at).get('/v1/repositories/alice/app/tags').set('Authorization', authorization);
      const username = `flood_${index}`;
      return request(at)
        .post('/v1/users')
        .send({ username, password: 'secret', email: `${username}@example.com` });
    };
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => ask(index)));
    const bodies = new Map<number, Set<unknown>>([0, 1, 2].map((kind) => [kind, new Set()]));
    answers.forEach((response, index) => {
      if (response.status !== 429) return;
      expect(response.headers['retry-after']).toBe('2');
      bodies.get(index % 3)?.add(response.text);
    });
    const sentence = 'Too many logins at once, try again later';
    expect([...bodies.values()].map((texts) => [...texts])).toEqual([
      [JSON.stringify({ error: sentence })],
      [JSON.stringify({ error: sentence })],
      [JSON.stringify(sentence)],
    ]);
  });
});
