import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { AdministeredRepository } from '../repositories/access';
import * as store from './deliveries.store';
import { WEBHOOK_LIMITS } from './webhook-rules';
import { getWebhook } from './webhooks';

const DAY_MS = 24 * 3_600_000;

/** A notification that was or will be sent to one URL of a webhook. */
export interface Delivery {
  readonly id: number;
  readonly webhookId: number;
  /** the same for all links of a chain */
  readonly run: string;
  /** the position of the URL in the chain, from 0 */
  readonly position: number;
  readonly url: string;
  readonly event: store.DeliveryEvent;
  readonly state: store.DeliveryState;
  readonly attemptCount: number;
  /** the callback of the receiver */
  readonly callback: store.StoredCallback | undefined;
  readonly createdAt: Date;
  readonly finishedAt: Date | undefined;
}

/** One attempt to send a delivery. */
export interface Attempt {
  readonly number: number;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** undefined: there was no answer */
  readonly response:
    | {
        readonly status: number;
        readonly headers: Readonly<Record<string, string>>;
        /** its beginning */
        readonly body: string;
      }
    | undefined;
  /** why there was no answer */
  readonly error: string | undefined;
}

/** Which delivery of a repository; with `webhookId`, it must belong to this webhook. */
export interface DeliveryKey {
  readonly id: number;
  readonly webhookId?: number | undefined;
}

/** A delivery with its payload and its attempts. */
export interface DeliveryDetails extends Delivery {
  /** as it was sent, without its `callback_url`, which is a secret of the receiver */
  readonly payload: unknown;
  readonly attempts: readonly Attempt[];
}

function toDelivery(row: store.DeliveryRow): Delivery {
  return {
    id: row.id,
    webhookId: row.webhook_id,
    run: row.run,
    position: row.position,
    url: row.urls[row.position] ?? '',
    event: row.event,
    state: row.state,
    attemptCount: row.attempt_count,
    callback: row.callback ?? undefined,
    createdAt: row.created_at,
    finishedAt: row.finished_at ?? undefined,
  };
}

function toAttempt(row: store.AttemptRow): Attempt {
  const { status, response_headers: headers, response_body: body } = row;
  return {
    number: row.number,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    requestHeaders: row.request_headers,
    response: status === null ? undefined : { status, headers: headers ?? {}, body: body ?? '' },
    error: row.error ?? undefined,
  };
}

/**
 * The deliveries of a webhook, the newest first.
 *
 * @param page.before - only those with a smaller id than this, the last one of the page before
 * @throws AppError `not_found`
 */
export async function listDeliveries(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  webhookId: number,
  page: { readonly before?: number | undefined; readonly limit: number },
): Promise<Delivery[]> {
  await getWebhook(ctx, repository, webhookId);
  const rows = await store.list(ctx.db, webhookId, { before: page.before, limit: page.limit });
  return rows.map(toDelivery);
}

/**
 * One delivery with its payload and all attempts.
 *
 * @throws AppError `not_found`
 */
export async function getDelivery(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  key: DeliveryKey,
): Promise<DeliveryDetails> {
  const row = Number.isSafeInteger(key.id) ? await store.find(ctx.db, repository.id, key) : undefined;
  if (row === undefined) throw new AppError('not_found', 'Delivery not found');
  const attempts = await store.listAttempts(ctx.db, row.id);
  return { ...toDelivery(row), payload: JSON.parse(row.body) as unknown, attempts: attempts.map(toAttempt) };
}

/**
 * Deletes deliveries that are too old.
 *
 * @returns how many there were
 */
export async function forgetDeliveries(ctx: Needs<'db'>): Promise<number> {
  return store.deleteBefore(ctx.db, WEBHOOK_LIMITS.deliveryDays * DAY_MS);
}

/** Gives up the deliveries that came with a backup: nobody expects notifications of pushes of last week. */
export async function giveUpDeliveries(tx: Db): Promise<void> {
  await store.failPending(tx);
}
