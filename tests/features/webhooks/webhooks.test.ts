import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { listEvents } from '../../../src/features/audit/audit';
import { createImage, pushImages } from '../../helpers/images';
import { actor, addHook, APP, startHookServer, type HookServer } from './hook-server';
import {
  createWebhook,
  deleteWebhook,
  getDelivery,
  getWebhook,
  listDeliveries,
  listWebhooks,
  redeliver,
  sendTest,
  updateWebhook,
} from '../../helpers/by-name';

const URLS = ['https://ci.example.com/hook?key=1'];

let server: HookServer;
let alice: Actor;
beforeAll(async () => {
  server = await startHookServer();
  alice = await actor(server, 'alice');
  await pushImages(server, 'alice/app', [createImage()]);
});
afterAll(() => server.close());
beforeEach(() => server.ctx.db('webhooks').delete());

it('is created, listed without its secret, changed and deleted, and each of these is in the audit log', async () => {
  const made = await createWebhook(server.ctx, alice, APP, { name: 'ci', urls: URLS });
  expect(made.secret).toMatch(/^[\w-]{32}$/);
  const { secret, ...shown } = made;
  expect(shown).toMatchObject({ name: 'ci', urls: URLS, isActive: true, failingSince: undefined, createdBy: 'alice' });
  await expect(listWebhooks(server.ctx, alice, APP)).resolves.toEqual([shown]);
  await expect(getWebhook(server.ctx, alice, APP, made.id)).resolves.toEqual(shown);
  const changes = { name: 'ci 2', urls: ['http://a.test/', 'http://b.test/'], secret: `${secret}x`, isActive: false };
  const { secret: _secret, ...visible } = changes;
  await expect(updateWebhook(server.ctx, alice, APP, made.id, changes)).resolves.toEqual({ ...shown, ...visible });
  await deleteWebhook(server.ctx, OPERATOR_ACTOR, APP, made.id);
  await expect(listWebhooks(server.ctx, OPERATOR_ACTOR, APP)).resolves.toEqual([]);
  const events = await listEvents(server.ctx, { action: 'webhook.', limit: 10 });
  expect(events.map(({ action, subject, actor: who, details }) => [action, subject, who, details])).toEqual([
    ['webhook.deleted', 'alice/app', 'operator', { webhook: 'ci 2' }],
    ['webhook.updated', 'alice/app', 'alice', { webhook: 'ci', changed: 'isActive name secret urls' }],
    ['webhook.created', 'alice/app', 'alice', { webhook: 'ci' }],
  ]);
});

it.each<[string, { name?: string; urls?: string[]; secret?: string }]>([
  ['no URL', { urls: [] }],
  ['six URLs', { urls: Array<string>(6).fill('http://a.test/') }],
  ['a URL of another scheme', { urls: ['http://a.test/', 'ftp://a.test/'] }],
  ['what is no URL', { urls: ['a.test'] }],
  ['a URL with credentials', { urls: ['http://a:b@a.test/'] }],
  ['a URL that is too long', { urls: [`http://a.test/${'x'.repeat(2000)}`] }],
  ['no name', { name: '' }],
  ['a name on two lines', { name: 'a\nb' }],
  ['a long name', { name: 'x'.repeat(65) }],
  ['a short secret', { secret: 'x'.repeat(15) }],
  ['a secret with spaces', { secret: 'sixteen characters' }],
])('refuses %s', async (_what, bad) => {
  const making = createWebhook(server.ctx, alice, APP, { name: 'ci', urls: URLS, ...bad });
  await expect(making).rejects.toMatchObject({ code: 'invalid' });
  const { id } = await addHook(server, 'http://a.test/');
  await expect(updateWebhook(server.ctx, alice, APP, id, bad)).rejects.toMatchObject({ code: 'invalid' });
  await expect(listWebhooks(server.ctx, alice, APP)).resolves.toHaveLength(1);
});

it('a name is unique', async () => {
  await createWebhook(server.ctx, alice, APP, { name: 'a', urls: URLS });
  const { id } = await createWebhook(server.ctx, alice, APP, { name: 'b', urls: URLS });
  const conflict = { code: 'conflict', message: 'The repository already has a webhook with this name' };
  await expect(createWebhook(server.ctx, alice, APP, { name: 'a', urls: URLS })).rejects.toMatchObject(conflict);
  await expect(updateWebhook(server.ctx, alice, APP, id, { name: 'a' })).rejects.toMatchObject(conflict);
});

it('a repository has at most twenty, even if thirty are created at once', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 30 }, (_, n) => createWebhook(server.ctx, alice, APP, { name: `hook ${n}`, urls: URLS })),
  );
  const refused = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
  expect(refused).toHaveLength(10);
  expect(refused).toEqual(Array(10).fill(expect.objectContaining({ code: 'conflict' })));
  await expect(listWebhooks(server.ctx, alice, APP)).resolves.toHaveLength(20);
});

it('a user who may not administer the repository can see and do nothing', async () => {
  const { id } = await addHook(server, 'http://127.0.0.1:1/');
  const delivery = await sendTest(server.ctx, alice, APP, id);
  const bobby = await actor(server, 'bobby');
  const anonymous: Actor = { kind: 'anonymous', address: '192.0.2.1' };
  const token: Actor = {
    kind: 'token',
    identity: alice.kind === 'user' ? alice.identity : undefined,
    repository: APP,
    access: 'write',
    nonce: 'n',
    address: '192.0.2.1',
  };
  const acts: ((who: Actor) => Promise<unknown>)[] = [
    (who) => createWebhook(server.ctx, who, APP, { name: 'mine', urls: URLS }),
    (who) => listWebhooks(server.ctx, who, APP),
    (who) => getWebhook(server.ctx, who, APP, id),
    (who) => updateWebhook(server.ctx, who, APP, id, { isActive: false }),
    (who) => deleteWebhook(server.ctx, who, APP, id),
    (who) => sendTest(server.ctx, who, APP, id),
    (who) => listDeliveries(server.ctx, who, APP, id, { limit: 1 }),
    (who) => getDelivery(server.ctx, who, APP, { id: delivery }),
    (who) => redeliver(server.ctx, who, APP, { id: delivery }),
  ];
  for (const act of acts) {
    await expect(act(bobby)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(act(anonymous)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(act(token)).rejects.toMatchObject({ code: 'unauthenticated' });
  }
  await server.ctx.db('repositories').update({ visibility: 'private' });
  for (const act of acts) await expect(act(bobby)).rejects.toMatchObject({ code: 'not_found' });
  await server.ctx.db('repositories').update({ visibility: 'public' });
  await expect(getWebhook(server.ctx, alice, APP, id)).resolves.toMatchObject({ isActive: true });
  await expect(listDeliveries(server.ctx, alice, APP, id, { limit: 9 })).resolves.toHaveLength(1);
});

it('a hook and a delivery of another repository are not found', async () => {
  await pushImages(server, 'alice/other', [createImage()]);
  const other = { namespace: 'alice', name: 'other' };
  const { id } = await addHook(server, 'http://127.0.0.1:1/');
  const delivery = await sendTest(server.ctx, alice, APP, id);
  const missing = { code: 'not_found' };
  await expect(getWebhook(server.ctx, alice, other, id)).rejects.toMatchObject(missing);
  await expect(deleteWebhook(server.ctx, alice, other, id)).rejects.toMatchObject(missing);
  await expect(listDeliveries(server.ctx, alice, other, id, { limit: 1 })).rejects.toMatchObject(missing);
  await expect(getDelivery(server.ctx, alice, other, { id: delivery })).rejects.toMatchObject(missing);
  await expect(redeliver(server.ctx, alice, other, { id: delivery })).rejects.toMatchObject(missing);
  await expect(getWebhook(server.ctx, alice, APP, Number.NaN)).rejects.toMatchObject(missing);
});

it('deliveries are listed in pages, the newest first', async () => {
  const { id } = await addHook(server, 'http://127.0.0.1:1/');
  const sent: number[] = [];
  for (let n = 0; n < 5; n += 1) sent.unshift(await sendTest(server.ctx, alice, APP, id));
  const page = async (before: number | undefined) =>
    (await listDeliveries(server.ctx, alice, APP, id, { before, limit: 2 })).map((delivery) => delivery.id);
  expect(await page(undefined)).toEqual(sent.slice(0, 2));
  expect(await page(sent[1])).toEqual(sent.slice(2, 4));
  expect(await page(sent[3])).toEqual(sent.slice(4));
});
