import { forgetDeliveries } from '../../../src/features/webhooks/deliveries';
import type { Webhook } from '../../../src/features/webhooks/webhooks';
import { listEvents } from '../../../src/features/audit/audit';
import type { Actor } from '../../../src/features/access/actor';
import { startDnsServer } from '../../helpers/dns-server';
import { createImage, pushImages } from '../../helpers/images';
import { startReceiver, type Receiver } from '../../helpers/receiver';
import { startSmtpServer } from '../../helpers/smtp-server';
import { actor, addHook, APP, startHookServer, type HookServer } from './hook-server';
import { getDelivery, getWebhook, listDeliveries, redeliver, sendTest, updateWebhook } from '../../helpers/by-name';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

let alice: Actor;

async function hookServer(...args: Parameters<typeof startHookServer>): Promise<HookServer> {
  const server = await startHookServer(...args);
  closing.push(() => server.close());
  await pushImages(server, 'alice/app', [createImage()]);
  await server.runJobs();
  alice = await actor(server, 'alice');
  return server;
}

async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...args);
  closing.push(() => started.close());
  return started;
}

async function onlyDelivery(server: HookServer, hook: Webhook) {
  const [delivery, ...others] = await listDeliveries(server.ctx, alice, APP, hook.id, { limit: 10 });
  expect(others).toEqual([]);
  return getDelivery(server.ctx, alice, APP, { id: delivery!.id });
}

describe('a forbidden target (R16)', () => {
  async function expectRefused(server: HookServer, url: string, reason: unknown): Promise<void> {
    const hook = await addHook(server, url);
    await pushImages(server, 'alice/app', [createImage()]);
    await server.runJobs();
    const delivery = await onlyDelivery(server, hook);
    expect(delivery).toMatchObject({ state: 'refused', attemptCount: 1 });
    expect(delivery.attempts).toMatchObject([{ number: 1, response: undefined, error: reason }]);
    const logged = server.lines.map((line) => JSON.parse(line) as object);
    expect(logged).toContainEqual(
      expect.objectContaining({
        level: 40,
        msg: 'a webhook was refused',
        delivery: delivery.id,
        reason,
      }),
    );
    await server.runRetries();
    expect((await onlyDelivery(server, hook)).attempts).toHaveLength(1);
  }

  const loopback = (address: string): string => `refused: ${address} is not on the open internet (loopback)`;

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', '::1'],
    ['[::ffff:127.0.0.1]', '127.0.0.1'],
  ])('a hook to %s is refused, logged and not tried again', async (host, address) => {
    const [server, there] = await Promise.all([hookServer([]), receiver()]);
    await expectRefused(server, `http://${host}:${there.port}/`, loopback(address));
    expect(there.received).toEqual([]);
  });

  it('a hook to a name of such an address fails like one to a missing name; only the log says why', async () => {
    const there = await receiver();
    const dns = await startDnsServer(['127.0.0.1']);
    closing.push(async () => dns.close());
    const told: unknown[] = [];
    const server = await hookServer([], (host) =>
      host === 'missing.example.com' ? Promise.reject(new Error('getaddrinfo ENOTFOUND')) : dns.resolve(host),
    );
    for (const host of ['hooks.example.com', 'missing.example.com']) {
      const hook = await addHook(server, `http://${host}:${there.port}/`);
      await sendTest(server.ctx, alice, APP, hook.id);
      await server.runJobs();
      const { state, attempts } = await onlyDelivery(server, hook);
      told.push([state, attempts.map(({ error }) => error)]);
    }
    const expected = ['pending', ['the name of the host does not resolve to an address on the open internet']];
    expect(told).toEqual([expected, expected]);
    expect(server.lines.join('\n')).toContain(`"reason":"${loopback('127.0.0.1')}"`);
    expect(there.received).toEqual([]);
  });

  it('a hook that is redirected to such an address is refused and logged', async () => {
    const inside = await receiver();
    const outside = await receiver(() => ({ status: 307, headers: { location: inside.url } }));
    const server = await hookServer([`127.0.0.1:${outside.port}`]);
    await expectRefused(server, outside.url, loopback('127.0.0.1'));
    expect([outside.received.length, inside.received.length]).toEqual([1, 0]);
  });
});

it('each attempt is kept with request, response and timing', async () => {
  const there = await receiver(() => ({ status: 201, headers: { 'x-a': 'b' }, body: `a\0${'ü'.repeat(40_000)}` }));
  const server = await hookServer();
  const hook = await addHook(server, there.url);
  await pushImages(server, 'alice/app', [createImage()], { tag: 'v1' });
  await server.runJobs();
  const delivery = await onlyDelivery(server, hook);
  expect(delivery).toMatchObject({
    state: 'delivered',
    event: 'push',
    url: there.url,
    position: 0,
    payload: { push_data: { tag: 'v1' }, repository: { repo_name: 'alice/app' } },
    attempts: [
      {
        number: 1,
        durationMs: expect.any(Number),
        requestHeaders: {
          'Content-Type': 'application/json',
          'X-Drydock-Signature': there.received[0]?.headers['x-drydock-signature'],
        },
        response: { status: 201, headers: { 'x-a': 'b' } },
      },
    ],
  });
  expect(delivery.attempts[0]?.response?.body).toMatch(/^a\ufffdü+/);
  expect(delivery.attempts[0]?.response?.body.length).toBeLessThan(33_000);
  expect(delivery.finishedAt!.getTime()).toBeGreaterThanOrEqual(delivery.attempts[0]!.startedAt.getTime());
});

it('is sent again, unchanged, until it is accepted', async () => {
  const there = await receiver((_request, before) => ({ status: before < 2 ? 503 : 204 }));
  const server = await hookServer();
  const hook = await addHook(server, there.url);
  await pushImages(server, 'alice/app', [createImage()]);
  await server.runJobs();
  await server.runJobs();
  expect(there.received).toHaveLength(1); // the next one is not due
  expect(await onlyDelivery(server, hook)).toMatchObject({ state: 'pending', attemptCount: 1, finishedAt: undefined });
  for (let round = 0; round < 4; round += 1) await server.runRetries();
  const delivery = await onlyDelivery(server, hook);
  expect(delivery.state).toBe('delivered');
  expect(delivery.attempts.map(({ response }) => response?.status)).toEqual([503, 503, 204]);
  expect(new Set(there.received.map(({ body, headers }) => body + String(headers['x-drydock-signature']))).size).toBe(
    1,
  );
});

it('is given up after five attempts over an hour (R34)', async () => {
  const there = await receiver();
  await there.close();
  const server = await hookServer();
  const hook = await addHook(server, there.url);
  await pushImages(server, 'alice/app', [createImage()]);
  await server.runJobs();
  const waits: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    const { rows } = await server.ctx.db.raw<{ rows: { wait: number }[] }>(
      'select extract(epoch from run_at - now())::int as wait from graphile_worker._private_jobs',
    );
    waits.push(...rows.map(({ wait }) => wait));
    await server.runRetries();
  }
  expect(waits).toHaveLength(4);
  expect([...waits].sort((a, b) => a - b)).toEqual(waits);
  expect(waits.reduce((sum, wait) => sum + wait)).toBeGreaterThan(3000);
  const delivery = await onlyDelivery(server, hook);
  expect(delivery).toMatchObject({ state: 'failed', attemptCount: 5 });
  expect(delivery.attempts.map(({ error }) => error)).toEqual(Array(5).fill(expect.stringContaining('ECONNREFUSED')));
  expect(await getWebhook(server.ctx, alice, APP, hook.id)).toMatchObject({
    isActive: true,
    failingSince: expect.any(Date),
  });
});

it('can be delivered once more, as a new delivery with its own callback', async () => {
  const there = await receiver();
  const server = await hookServer();
  const hook = await addHook(server, there.url);
  await pushImages(server, 'alice/app', [createImage()]);
  await server.runJobs();
  const first = await onlyDelivery(server, hook);
  const again = await redeliver(server.ctx, alice, APP, { id: first.id });
  await server.runJobs();
  expect(again).not.toBe(first.id);
  const [one, two] = there.received.map(({ body }) => JSON.parse(body) as { callback_url: string });
  expect(two).toEqual({ ...one, callback_url: expect.stringContaining('/u/alice/app/hook/') });
  expect(two?.callback_url).not.toBe(one?.callback_url);
  await expect(getDelivery(server.ctx, alice, APP, { id: again })).resolves.toMatchObject({ state: 'delivered' });
  await expect(redeliver(server.ctx, alice, APP, { id: 4_000_000 })).rejects.toMatchObject({ code: 'not_found' });
});

describe('after long failure', () => {
  async function failOnce(server: HookServer, hook: Webhook): Promise<void> {
    await sendTest(server.ctx, alice, APP, hook.id);
    for (let attempt = 0; attempt < 5; attempt += 1) await server.runRetries();
  }

  const failSince = (server: HookServer, hook: Webhook, hours: number) =>
    server.ctx
      .db('webhooks')
      .where({ id: hook.id })
      .update({ failing_since: server.ctx.db.raw(`now() - ? * interval '1 hour'`, [hours]), failure_count: 2 });

  it('the hook is disabled and its owner gets a mail; enabled again, it starts without failures (R34)', async () => {
    const smtp = await startSmtpServer();
    const there = await receiver(() => ({ status: 500 }));
    const server = await hookServer(undefined, undefined, smtp.settings);
    const hook = await addHook(server, there.url);
    await failSince(server, hook, 71);
    await failOnce(server, hook);
    expect(await getWebhook(server.ctx, alice, APP, hook.id)).toMatchObject({ isActive: true });
    await failSince(server, hook, 73);
    await failOnce(server, hook);
    expect(await getWebhook(server.ctx, alice, APP, hook.id)).toMatchObject({ isActive: false });
    expect(await listEvents(server.ctx, { action: 'webhook.disabled', limit: 9 })).toMatchObject([
      { subject: 'alice/app', actor: 'server', details: { webhook: hook.name, failures: 3 } },
    ]);
    expect(smtp.mails.map(({ recipients, parsed }) => [recipients, parsed.subject])).toEqual([
      [['alice@example.com'], `The webhook ${hook.name} of alice/app was disabled`],
    ]);
    server.ctx.mailer.close(); // otherwise the mail server waits for it
    await smtp.close();
    await pushImages(server, 'alice/app', [createImage()]);
    await server.runJobs();
    expect(there.received).toHaveLength(10);
    const on = await updateWebhook(server.ctx, alice, APP, hook.id, { isActive: true });
    expect(on).toMatchObject({ isActive: true, failingSince: undefined });
  });

  it('one delivery that succeeds resets the count', async () => {
    const there = await receiver();
    const server = await hookServer();
    const hook = await addHook(server, there.url);
    await failSince(server, hook, 500);
    await sendTest(server.ctx, alice, APP, hook.id);
    await server.runJobs();
    expect(await getWebhook(server.ctx, alice, APP, hook.id)).toMatchObject({
      isActive: true,
      failingSince: undefined,
    });
  });
});

it('neither the secret, nor the callback id, nor the path of the URL is in the log; the id is nowhere in the database', async () => {
  const there = await receiver(({ body }) => ({ status: 200, headers: { 'x-echo': body }, body }));
  const server = await hookServer();
  const hook = await addHook(server, `${there.url}/path-secret?token=query-secret`);
  await pushImages(server, 'alice/app', [createImage()]);
  await server.runJobs();
  const { callback_url: url } = JSON.parse(there.received[0]!.body) as { callback_url: string };
  const id = url.split('/').at(-2)!;
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  const log = server.lines.join('\n');
  expect(log).toContain('a webhook was delivered');
  for (const secret of [hook.secret, id, 'path-secret', 'query-secret']) expect(log).not.toContain(secret);
  const attempts: unknown = await server.ctx.db('webhook_attempts');
  const deliveries: unknown = await server.ctx.db('webhook_deliveries');
  const events = JSON.stringify(await listEvents(server.ctx, { limit: 100 }));
  expect(JSON.stringify([attempts, deliveries])).toContain('[callback id]');
  expect(JSON.stringify([attempts, deliveries])).not.toContain(id);
  for (const secret of [hook.secret, 'path-secret']) expect(events).not.toContain(secret);
});

it('300 deliveries of a hook are kept, for thirty days', async () => {
  const there = await receiver();
  const server = await hookServer();
  const hook = await addHook(server, there.url);
  await server.ctx.db.raw(
    `insert into webhook_deliveries (webhook_id, run, position, urls, event, body, state, callback_hash, created_at, finished_at)
     select ?, gen_random_uuid(), 0, '{http://a}', 'test', '{}', 'delivered', n::text,
       now() - case when n <= 10 then interval '31 days' else '29 days' end, now()
     from generate_series(1, 310) n`,
    [hook.id],
  );
  await sendTest(server.ctx, alice, APP, hook.id);
  const count = async (): Promise<number> =>
    (await listDeliveries(server.ctx, alice, APP, hook.id, { limit: 1000 })).length;
  expect(await count()).toBe(300);
  await server.ctx.db.raw(
    `update webhook_deliveries set created_at = now() - interval '31 days' where callback_hash in ('309', '310')`,
  );
  expect(await forgetDeliveries(server.ctx)).toBe(2);
  expect(await count()).toBe(298);
});
