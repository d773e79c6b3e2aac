import { randomUUID } from 'node:crypto';
import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { enqueue } from '../../platform/jobs/queue';
import { recordEvent } from '../audit/audit';
import { findDigestOfPush, type ViewNeeds } from '../bridge/image-views';
import { listTellings, takeTellings, type FinishedPush } from '../pushes/pushes';
import { repositoryNotFound, type AdministeredRepository } from '../repositories/access';
import { displayName } from '../repositories/names';
import { callbackHash, callbackId } from './callback-id';
import type { DeliveryKey } from './deliveries';
import * as deliveries from './deliveries.store';
import { pagePath, payloadText, type PayloadPush } from './payload';
import { WEBHOOK_LIMITS } from './webhook-rules';
import { getWebhook } from './webhooks';
import * as store from './webhooks.store';

/** The job that sends one delivery. */
export const DELIVER_WEBHOOK = 'deliver_webhook';

/** The job that builds the repositories whose base image this is, with `{ repositoryId }` (`builds/links.ts`). */
export const BASE_UPDATED = 'base_updated';

/** Attempts of the job, in case its process dies; the delivery itself counts failures of the receiver. */
const JOB_ATTEMPTS = 5;

/**
 * Queues a delivery, once for each URL of a run.
 *
 * @returns the id of the delivery; undefined when it was queued before
 */
export async function queueDelivery(
  tx: Db,
  tokenKey: Buffer,
  delivery: Omit<deliveries.NewDelivery, 'callbackHash'>,
): Promise<number | undefined> {
  const hash = callbackHash(callbackId(tokenKey, delivery));
  const deliveryId = await deliveries.insert(tx, { ...delivery, callbackHash: hash });
  if (deliveryId === undefined) return undefined;
  await enqueue(tx, DELIVER_WEBHOOK, { deliveryId }, { maxAttempts: JOB_ATTEMPTS });
  await deliveries.deleteBeyond(tx, delivery.webhookId, WEBHOOK_LIMITS.deliveriesPerHook);
  return deliveryId;
}

async function bodyFor(
  ctx: Needs<'publicUrl'>,
  tx: Db,
  repositoryId: number,
  push: PayloadPush,
): Promise<string | undefined> {
  const repository = await store.findRepositoryForPayload(tx, repositoryId);
  return repository === undefined ? undefined : payloadText(push, repository, ctx.publicUrl.of(pagePath(repository)));
}

async function firePush(
  ctx: Needs<'tokenKey' | 'publicUrl'>,
  tx: Db,
  hooks: readonly { id: number; urls: string[] }[],
  push: FinishedPush,
): Promise<void> {
  const { imageIds, tag, digest, pusher, finishedAt: pushedAt } = push;
  const body = await bodyFor(ctx, tx, push.repositoryId, { imageIds, tag, digest, pusher, pushedAt });
  if (body === undefined) return;
  for (const { id: webhookId, urls } of hooks) {
    await queueDelivery(tx, ctx.tokenKey, { webhookId, run: push.id, position: 0, urls, event: 'push', body });
  }
}

/** What firing the webhooks of pushes needs. */
export type FiringNeeds = Needs<'tokenKey' | 'publicUrl'> & ViewNeeds;

/** The digests of pushes over v1, by their ids; they are created now if no client has asked for them (bridge 8.3). */
async function digestsOf(
  ctx: FiringNeeds,
  repositoryId: number,
  pushes: Iterable<FinishedPush>,
): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  const repository = await store.findRepositoryForPayload(ctx.db, repositoryId);
  if (repository === undefined) return digests;
  const place = { id: repositoryId, namespace: repository.namespace };
  for (const { id, tag, digest: known, imageIds } of pushes) {
    if (tag === undefined || known !== undefined) continue;
    const digest = await findDigestOfPush(ctx, place, { tag, imageIds });
    if (digest !== undefined) digests.set(id, digest);
  }
  return digests;
}

/**
 * Queues deliveries to the first URL of each active webhook about the pushes that have ended (protocol 2.7, 6.3), in
 * order. It may run twice, but queues each delivery once.
 */
export async function fireTellings(ctx: FiringNeeds, repositoryId: number): Promise<void> {
  const waiting = await listTellings(ctx.db, repositoryId);
  const hasHooks = waiting.size > 0 && (await store.listActive(ctx.db, repositoryId)).length > 0;
  const digests = await digestsOf(ctx, repositoryId, hasHooks ? waiting.values() : []);
  await inTransaction(ctx.db, async (tx) => {
    const pushes = await takeTellings(tx, repositoryId, [...waiting.keys()]);
    if (pushes.length > 0 && (await store.isBase(tx, repositoryId)))
      await enqueue(tx, BASE_UPDATED, { repositoryId }, { key: `${BASE_UPDATED}:${repositoryId}` });
    const hooks = pushes.length === 0 ? [] : await store.listActive(tx, repositoryId);
    if (hooks.length === 0) return;
    for (const push of pushes) await firePush(ctx, tx, hooks, { ...push, digest: push.digest ?? digests.get(push.id) });
  });
}

/** Queues the deliveries for one push that a server of an earlier version queued completely. */
export async function fireWebhooks(ctx: Needs<'db' | 'tokenKey' | 'publicUrl'>, push: FinishedPush): Promise<void> {
  await inTransaction(ctx.db, async (tx) => firePush(ctx, tx, await store.listActive(tx, push.repositoryId), push));
}

/**
 * Sends a test delivery, like that of a push without images, also to a disabled webhook.
 *
 * @returns the delivery's id
 * @throws AppError `not_found`
 */
export async function sendTest(
  ctx: Needs<'db' | 'tokenKey' | 'publicUrl'>,
  repository: AdministeredRepository,
  webhookId: number,
): Promise<number> {
  const { name, urls } = await getWebhook(ctx, repository, webhookId);
  const { doer } = repository;
  return inTransaction(ctx.db, async (tx) => {
    const push = { imageIds: [], tag: undefined, pusher: doer.name ?? '', pushedAt: new Date() };
    const body = await bodyFor(ctx, tx, repository.id, push);
    if (body === undefined) throw repositoryNotFound();
    const delivery = { webhookId, run: randomUUID(), position: 0, urls, event: 'test' as const, body };
    await recordEvent(tx, doer, {
      action: 'webhook.sent',
      subject: displayName(repository),
      details: { webhook: name, what: 'test' },
    });
    return queued(await queueDelivery(tx, ctx.tokenKey, delivery));
  });
}

/**
 * Sends a delivery once more, as a new one, to the same URL; its callback continues the chain from there.
 *
 * @returns the new delivery's id
 * @throws AppError `not_found`
 */
export async function redeliver(
  ctx: Needs<'db' | 'tokenKey'>,
  repository: AdministeredRepository,
  key: DeliveryKey,
): Promise<number> {
  return inTransaction(ctx.db, async (tx) => {
    const row = Number.isSafeInteger(key.id) ? await deliveries.find(tx, repository.id, key) : undefined;
    if (row === undefined) throw new AppError('not_found', 'Delivery not found');
    const { webhook_id: webhookId, position, urls, event, body } = row;
    await recordEvent(tx, repository.doer, {
      action: 'webhook.sent',
      subject: displayName(repository),
      details: { webhook: row.webhook_name, what: `delivery ${row.id} again` },
    });
    return queued(await queueDelivery(tx, ctx.tokenKey, { webhookId, run: randomUUID(), position, urls, event, body }));
  });
}

function queued(id: number | undefined): number {
  if (id === undefined) throw new Error('a random run was there already');
  return id;
}
