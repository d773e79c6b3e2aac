import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';
import type { Link } from './callback-id';

export type DeliveryState = 'pending' | 'delivered' | 'failed' | 'refused';
export type DeliveryEvent = 'push' | 'test' | 'build_failed' | 'build_recovered';
export type CallbackState = 'success' | 'failure' | 'error';

/** The callback of a receiver, with its time. */
export interface StoredCallback {
  readonly state: CallbackState;
  readonly description?: string | undefined;
  readonly context?: string | undefined;
  readonly target_url?: string | undefined;
  readonly at: string;
}

export interface DeliveryRow {
  id: number;
  webhook_id: number;
  run: string;
  position: number;
  urls: string[];
  event: DeliveryEvent;
  body: string;
  state: DeliveryState;
  attempt_count: number;
  callback: StoredCallback | null;
  created_at: Date;
  finished_at: Date | null;
}

const COLUMNS = `d.id, d.webhook_id, d.run, d.position, d.urls, d.event, d.body, d.state, d.attempt_count, d.callback,
  d.created_at, d.finished_at`;

export interface NewDelivery extends Link {
  readonly urls: readonly string[];
  readonly event: DeliveryEvent;
  readonly body: string;
  readonly callbackHash: string;
}

/** @returns the id; undefined when there is already a delivery for this URL of this run */
export async function insert(db: Db, delivery: NewDelivery): Promise<number | undefined> {
  const { webhookId, run, position, urls, event, body, callbackHash } = delivery;
  const rows = await query<{ id: number }>(
    db,
    `insert into webhook_deliveries (webhook_id, run, position, urls, event, body, callback_hash)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (webhook_id, run, position) do nothing returning id`,
    [webhookId, run, position, urls, event, body, callbackHash],
  );
  return rows[0]?.id;
}

/** Deletes the webhook's deliveries except the newest `kept`; pending ones stay. */
export async function deleteBeyond(db: Db, webhookId: number, kept: number): Promise<void> {
  await query(
    db,
    `delete from webhook_deliveries where state <> 'pending' and webhook_id = $1 and id <= (
       select id from webhook_deliveries where webhook_id = $1 order by id desc offset $2 limit 1
     )`,
    [webhookId, kept],
  );
}

/** @returns how many were deleted */
export async function deleteBefore(db: Db, olderThanMs: number): Promise<number> {
  const rows = await query(db, `delete from webhook_deliveries where created_at < ${agoSql('$1')} returning id`, [
    olderThanMs,
  ]);
  return rows.length;
}

export interface SendableRow extends DeliveryRow {
  secret: string;
}

/** A delivery that has to be sent, with the secret of its webhook; undefined when it is done, or gone. */
export async function findPending(db: Db, id: number): Promise<SendableRow | undefined> {
  const rows = await query<SendableRow>(
    db,
    `select ${COLUMNS}, h.secret from webhook_deliveries d join webhooks h on h.id = d.webhook_id
     where d.id = $1 and d.state = 'pending'`,
    [id],
  );
  return rows[0];
}

/** The deliveries of a webhook, the newest first. */
export async function list(
  db: Db,
  webhookId: number,
  page: { before: number | undefined; limit: number },
): Promise<DeliveryRow[]> {
  return query<DeliveryRow>(
    db,
    `select ${COLUMNS} from webhook_deliveries d
     where d.webhook_id = $1 and ($2::bigint is null or d.id < $2) order by d.id desc limit $3`,
    [webhookId, page.before ?? null, page.limit],
  );
}

export interface NamedDeliveryRow extends DeliveryRow {
  webhook_name: string;
}

/** @param key.webhookId - undefined: any webhook of the repository */
export async function find(
  db: Db,
  repositoryId: number,
  key: { id: number; webhookId?: number | undefined },
): Promise<NamedDeliveryRow | undefined> {
  const rows = await query<NamedDeliveryRow>(
    db,
    `select ${COLUMNS}, h.name as webhook_name from webhook_deliveries d join webhooks h on h.id = d.webhook_id
     where h.repository_id = $1 and d.id = $2 and ($3::bigint is null or h.id = $3)`,
    [repositoryId, key.id, key.webhookId ?? null],
  );
  return rows[0];
}

/** Distinguishes the locks of webhooks from others. */
const HOOK_LOCK = 7_301_552;

/** Locks the delivery's webhook until the transaction ends. @returns false when another delivery has the lock */
export async function lockHookOf(tx: Db, deliveryId: number): Promise<boolean> {
  const rows = await query<{ is_mine: boolean }>(
    tx,
    `select pg_try_advisory_xact_lock(${HOOK_LOCK}, hashint8(webhook_id)) as is_mine from webhook_deliveries where id = $1`,
    [deliveryId],
  );
  return rows[0]?.is_mine ?? true;
}

/** Earlier deliveries of the same webhook that were never tried, in their order. */
export async function listUntriedBefore(db: Db, deliveryId: number, limit: number): Promise<number[]> {
  const rows = await query<{ id: number }>(
    db,
    `select d.id from webhook_deliveries d join webhook_deliveries mine on mine.webhook_id = d.webhook_id
     where mine.id = $1 and d.id < $1 and d.state = 'pending' and d.attempt_count = 0 order by d.id limit $2`,
    [deliveryId, limit],
  );
  return rows.map((row) => row.id);
}

export interface AttemptRow {
  number: number;
  started_at: Date;
  duration_ms: number;
  request_headers: Record<string, string>;
  status: number | null;
  response_headers: Record<string, string> | null;
  response_body: string | null;
  error: string | null;
}

export async function listAttempts(db: Db, deliveryId: number): Promise<AttemptRow[]> {
  return query<AttemptRow>(
    db,
    `select number, started_at, duration_ms, request_headers, status, response_headers, response_body, error
     from webhook_attempts where delivery_id = $1 order by number`,
    [deliveryId],
  );
}

/** Records an attempt and the state of the delivery after it. @returns false when it was no longer pending */
export async function insertAttempt(
  tx: Db,
  deliveryId: number,
  attempt: AttemptRow,
  state: DeliveryState,
): Promise<boolean> {
  const rows = await query(
    tx,
    `update webhook_deliveries set state = $2, attempt_count = $3,
       finished_at = case when $2 = 'pending' then null else now() end
     where id = $1 and state = 'pending' returning id`,
    [deliveryId, state, attempt.number],
  );
  if (rows.length === 0) return false;
  await query(
    tx,
    `insert into webhook_attempts
       (delivery_id, number, started_at, duration_ms, request_headers, status, response_headers, response_body, error)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      deliveryId,
      attempt.number,
      attempt.started_at,
      attempt.duration_ms,
      JSON.stringify(attempt.request_headers),
      attempt.status,
      attempt.response_headers === null ? null : JSON.stringify(attempt.response_headers),
      attempt.response_body,
      attempt.error,
    ],
  );
  return true;
}

/** The delivery that a callback belongs to. */
export async function findByCallback(db: Db, callbackHash: string): Promise<DeliveryRow | undefined> {
  const rows = await query<DeliveryRow>(db, `select ${COLUMNS} from webhook_deliveries d where d.callback_hash = $1`, [
    callbackHash,
  ]);
  return rows[0];
}

/** @returns false when there is a callback already */
export async function updateCallback(db: Db, deliveryId: number, callback: StoredCallback): Promise<boolean> {
  const rows = await query(
    db,
    'update webhook_deliveries set callback = $2 where id = $1 and callback is null returning id',
    [deliveryId, JSON.stringify(callback)],
  );
  return rows.length > 0;
}

/** Ends all deliveries that wait. */
export async function failPending(tx: Db): Promise<void> {
  await query(tx, `update webhook_deliveries set state = 'failed', finished_at = now() where state = 'pending'`);
}
