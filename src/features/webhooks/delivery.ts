import { createHmac } from 'node:crypto';
import type { Needs } from '../../context';
import { inLongTransaction, inTransaction } from '../../platform/db/db';
import { RefusedTargetError, UnreachableNameError } from '../../platform/http/guarded-post';
import { enqueue } from '../../platform/jobs/queue';
import { callbackId, callbackPath } from './callback-id';
import * as store from './deliveries.store';
import { noteFailure, noteSuccess } from './failure-count';
import { DELIVER_WEBHOOK } from './push-deliveries';
import { repositoryOf, withCallback } from './payload';

/** The delays after the first attempt, and so on: a receiver may restart, or be repaired within the hour. */
const RETRY_AFTER_MS = [15_000, 60_000, 600_000, 3_000_000] as const;

/** The delay if the webhook is busy with another delivery. */
const TURN_MS = 1000;

/** Each of these also has its own job, and a job has to end within a minute. */
const EARLIER_AT_ONCE = 3;

type Delivering = Needs<'db' | 'log' | 'tokenKey' | 'publicUrl' | 'guardedClient'>;

/** `X-Drydock-Signature` for a body: receivers compute the same from the shared secret. */
export function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Removes our secret and characters that Postgres cannot store from a receiver's answer. */
function storable(text: string, secretId: string): string {
  return text.replaceAll(secretId, '[callback id]').replaceAll('\0', '\ufffd');
}

function storableHeaders(headers: Readonly<Record<string, string>>, secretId: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, storable(value, secretId)]));
}

/** If several addresses were tried, Node's error has no message, but the code of the first. */
function reasonOf(error: unknown): string {
  const { message, code } = Object(error) as { message?: string; code?: string };
  return message || code || 'failed';
}

interface Outcome {
  readonly attempt: store.AttemptRow;
  readonly isRefused: boolean;
  /** for the log, which may have more details than the owner of the webhook gets */
  readonly cause?: string;
}

async function attempt(ctx: Delivering, row: store.SendableRow): Promise<Outcome> {
  const id = callbackId(ctx.tokenKey, { webhookId: row.webhook_id, run: row.run, position: row.position });
  const body = withCallback(row.body, ctx.publicUrl.of(callbackPath(repositoryOf(row.body), id)));
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'Drydock-Webhook',
    'X-Drydock-Event': row.event,
    'X-Drydock-Delivery': String(row.id),
    'X-Drydock-Signature': signatureOf(body, row.secret),
  };
  const startedAt = new Date();
  const started = performance.now();
  const noted = (isRefused: boolean, result: Partial<store.AttemptRow>): Outcome => ({
    isRefused,
    attempt: {
      number: row.attempt_count + 1,
      started_at: startedAt,
      duration_ms: Math.round(performance.now() - started),
      request_headers: headers,
      status: null,
      response_headers: null,
      response_body: null,
      error: null,
      ...result,
    },
  });
  try {
    const answer = await ctx.guardedClient.post(row.urls[row.position] ?? '', { headers, body });
    return noted(false, {
      status: answer.status,
      response_headers: storableHeaders(answer.headers, id),
      response_body: storable(answer.body.toString('utf8'), id),
    });
  } catch (error) {
    const outcome = noted(error instanceof RefusedTargetError, { error: storable(reasonOf(error), id) });
    return error instanceof UnreachableNameError ? { ...outcome, cause: reasonOf(error.cause) } : outcome;
  }
}

function stateAfter({ attempt: { number, status }, isRefused }: Outcome): store.DeliveryState {
  if (isRefused) return 'refused';
  if (status !== null && status >= 200 && status < 300) return 'delivered';
  return number <= RETRY_AFTER_MS.length ? 'pending' : 'failed';
}

/** Sends a delivery, if it still has to be sent, and records the result. */
async function deliverOne(ctx: Delivering, deliveryId: number): Promise<void> {
  const row = await store.findPending(ctx.db, deliveryId);
  if (row === undefined) return;
  const outcome = await attempt(ctx, row);
  const state = stateAfter(outcome);
  const { number, status, error } = outcome.attempt;
  await inTransaction(ctx.db, async (tx) => {
    if (!(await store.insertAttempt(tx, row.id, outcome.attempt, state))) return;
    if (state === 'pending') {
      await enqueue(tx, DELIVER_WEBHOOK, { deliveryId }, { afterMs: RETRY_AFTER_MS[number - 1] ?? 0 });
    } else if (state === 'delivered') await noteSuccess(tx, row.webhook_id);
    else await noteFailure(tx, row.webhook_id);
  });
  // Only the origin of the URL: paths and queries of webhooks are often secret.
  const reason = outcome.cause ?? error;
  const line = { delivery: row.id, webhook: row.webhook_id, to: originOf(row), number, status, reason, state };
  if (state === 'delivered') ctx.log.info(line, 'a webhook was delivered');
  else ctx.log.warn(line, state === 'refused' ? 'a webhook was refused' : 'a webhook could not be delivered');
}

/**
 * Sends a delivery, if it still has to be sent. After a failure it is queued again, with a longer delay each time; a
 * forbidden target is not tried again. A webhook sends one delivery at a time. Earlier deliveries that were never tried
 * go first, so that its receiver learns of the moves of a tag in order.
 */
export async function deliver(ctx: Delivering, deliveryId: number): Promise<void> {
  await inLongTransaction(ctx.db, async (tx) => {
    if (!(await store.lockHookOf(tx, deliveryId))) {
      await enqueue(tx, DELIVER_WEBHOOK, { deliveryId }, { afterMs: TURN_MS });
      return;
    }
    const earlier = await store.listUntriedBefore(ctx.db, deliveryId, EARLIER_AT_ONCE);
    for (const id of [...earlier, deliveryId]) await deliverOne(ctx, id);
  });
}

function originOf(row: store.SendableRow): string {
  const url = row.urls[row.position] ?? '';
  return URL.canParse(url) ? new URL(url).origin : '';
}
