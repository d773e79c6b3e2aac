import { randomBytes } from 'node:crypto';
import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError, fieldError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { AdministeredRepository } from '../repositories/access';
import { displayName } from '../repositories/names';
import { assertChain, assertHookName, assertSecret, WEBHOOK_LIMITS } from './webhook-rules';
import * as store from './webhooks.store';

/*
 * Webhooks of a repository (protocol 6.3): administrators of a repository can have other servers notified of each
 * finished push.
 *
 *   push-deliveries.ts  a finished push becomes a delivery for each webhook
 *   delivery.ts         sends it, again if necessary, and records each attempt
 *   callbacks.ts        the receiver says whether the next URL of the chain must be called
 *   failure-count.ts    a webhook that has failed for long is disabled
 */

/** A webhook, as its administrators see it; its secret is shown only once. */
export interface Webhook {
  readonly id: number;
  readonly name: string;
  /** a chain: each URL is called when the receiver before it has called back */
  readonly urls: readonly string[];
  readonly isActive: boolean;
  /** also told when a build fails, and when the next one succeeds */
  readonly tellsBuilds: boolean;
  /** the time since which no delivery has succeeded; undefined: the last one succeeded */
  readonly failingSince: Date | undefined;
  readonly createdBy: string | undefined;
  readonly createdAt: Date;
}

/** A webhook to create. */
export interface NewWebhook {
  readonly name: string;
  readonly urls: readonly string[];
  /** signs the deliveries; undefined: a random one */
  readonly secret?: string | undefined;
  /** undefined: false */
  readonly tellsBuilds?: boolean | undefined;
}

/** Changes to a webhook; undefined fields stay as they are. */
export interface WebhookChanges {
  readonly name?: string | undefined;
  readonly urls?: readonly string[] | undefined;
  readonly secret?: string | undefined;
  /** enabling a disabled webhook resets its failures */
  readonly isActive?: boolean | undefined;
  readonly tellsBuilds?: boolean | undefined;
}

const NAME_TAKEN = 'The repository already has a webhook with this name';
const MISSING = 'Webhook not found';

function toWebhook(row: store.WebhookRow): Webhook {
  return {
    id: row.id,
    name: row.name,
    urls: row.urls,
    isActive: row.is_active,
    tellsBuilds: row.tells_builds,
    failingSince: row.failing_since ?? undefined,
    createdBy: row.created_by ?? undefined,
    createdAt: row.created_at,
  };
}

/**
 * Creates a webhook.
 *
 * @returns the webhook with its secret, which is not shown again
 * @throws AppError `invalid`, `conflict` for a name that is taken or a webhook too many
 */
export async function createWebhook(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  hook: NewWebhook,
): Promise<Webhook & { readonly secret: string }> {
  const { id: repositoryId, doer } = repository;
  const { name, urls, secret = randomBytes(24).toString('base64url'), tellsBuilds = false } = hook;
  assertHookName(name);
  assertChain(urls);
  assertSecret(secret);
  return inTransaction(ctx.db, async (tx) => {
    const count = await store.lockAndCount(tx, repositoryId);
    if (count >= WEBHOOK_LIMITS.perRepository) {
      throw new AppError('conflict', `A repository can have at most ${WEBHOOK_LIMITS.perRepository} webhooks`);
    }
    const row = await store.insert(tx, repositoryId, { name, urls, secret, tellsBuilds, createdBy: doer.userId });
    if (row === undefined) throw fieldError('conflict', 'name', NAME_TAKEN);
    await recordEvent(tx, doer, {
      action: 'webhook.created',
      subject: displayName(repository),
      details: { webhook: name },
    });
    return { ...toWebhook(row), secret };
  });
}

/** All webhooks of a repository, the oldest first. */
export async function listWebhooks(ctx: Needs<'db'>, repository: AdministeredRepository): Promise<Webhook[]> {
  return (await store.list(ctx.db, repository.id)).map(toWebhook);
}

/**
 * One webhook.
 *
 * @throws AppError `not_found`
 */
export async function getWebhook(ctx: Needs<'db'>, repository: AdministeredRepository, id: number): Promise<Webhook> {
  const row = Number.isSafeInteger(id) ? await store.find(ctx.db, repository.id, id) : undefined;
  if (row === undefined) throw new AppError('not_found', MISSING);
  return toWebhook(row);
}

function changedFields(changes: WebhookChanges): string {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return given
    .map(([field]) => field)
    .sort()
    .join(' ');
}

/**
 * Changes a webhook; deliveries in progress keep the chain that they began with.
 *
 * @param assertCurrent - throws if the current webhook must not be changed
 * @throws AppError `invalid`, `not_found`, `conflict` for a name that is taken, and what `assertCurrent` throws
 */
export async function updateWebhook(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  id: number,
  changes: WebhookChanges,
  assertCurrent: (webhook: Webhook) => void = () => undefined,
): Promise<Webhook> {
  const { doer } = repository;
  if (changes.name !== undefined) assertHookName(changes.name);
  if (changes.urls !== undefined) assertChain(changes.urls);
  if (changes.secret !== undefined) assertSecret(changes.secret);
  try {
    return await inTransaction(ctx.db, async (tx) => {
      const before = await store.lock(tx, repository.id, id);
      if (before === undefined) throw new AppError('not_found', MISSING);
      assertCurrent(toWebhook(before));
      const row = await store.update(tx, id, { ...changes, by: doer.userId });
      await recordEvent(tx, doer, {
        action: 'webhook.updated',
        subject: displayName(repository),
        details: { webhook: before.name, changed: changedFields(changes) },
      });
      return toWebhook(row);
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw fieldError('conflict', 'name', NAME_TAKEN, { cause: error });
  }
}

/**
 * Deletes a webhook with its deliveries; deliveries that are still waiting are not sent.
 *
 * @throws AppError `not_found`
 */
export async function deleteWebhook(ctx: Needs<'db'>, repository: AdministeredRepository, id: number): Promise<void> {
  const { name } = await getWebhook(ctx, repository, id);
  await inTransaction(ctx.db, async (tx) => {
    if (!(await store.remove(tx, id))) throw new AppError('not_found', MISSING);
    const details = { webhook: name };
    const subject = displayName(repository);
    await recordEvent(tx, repository.doer, { action: 'webhook.deleted', subject, details });
  });
}
