import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError, fieldError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { requireAdministrator } from '../access/current-account';
import { doerOf } from '../access/doer';
import { recordEvent, type AuditEvent } from '../audit/audit';
import { getNamespaceAccess } from '../namespaces/namespace-access';
import * as store from './quota.store';

/** How much a namespace stores, and how much it may. */
export interface StorageUse {
  readonly namespace: string;
  readonly plan: string;
  /** of all layers, each once */
  readonly usedBytes: number;
  /** undefined: no limit */
  readonly limitBytes: number | undefined;
  /** the plan, or its own limit; `nothing`: it belongs to a site administrator */
  readonly limitedBy: 'plan' | 'own' | 'nothing';
}

type UseNeeds = Needs<'db' | 'blobReferrers'>;

async function read({ db, blobReferrers }: UseNeeds, namespace: string): Promise<StorageUse> {
  const row = await store.findLimit(db, namespace);
  if (row === undefined) throw new AppError('not_found', `No such namespace: ${namespace}`);
  return {
    namespace,
    plan: row.plan,
    usedBytes: await store.sumBytes(db, blobReferrers, namespace),
    limitBytes: row.is_exempt ? undefined : (row.limit_bytes ?? undefined),
    limitedBy: row.is_exempt ? 'nothing' : row.has_own_limit ? 'own' : 'plan',
  };
}

/**
 * How much a namespace stores, for its members and administrators.
 *
 * @throws AppError as `getNamespaceAccess`, `forbidden`
 */
export async function getStorageUse(ctx: UseNeeds, actor: Actor, name: string): Promise<StorageUse> {
  const { namespace, isMember, canManage } = await getNamespaceAccess(ctx, actor, name);
  if (!isMember && !canManage) throw new AppError('forbidden', `You are not a member of ${namespace}`);
  return read(ctx, namespace);
}

async function changeLimit(
  ctx: UseNeeds,
  actor: Actor,
  name: string,
  change: { readonly limit: store.OwnLimit; readonly event: Pick<AuditEvent, 'action' | 'details'> },
): Promise<StorageUse> {
  const doer = doerOf(actor, await requireAdministrator(ctx, actor));
  const { namespace } = await getNamespaceAccess(ctx, actor, name);
  return inTransaction(ctx.db, async (db) => {
    await store.updateLimit(db, namespace, change.limit);
    await recordEvent(db, doer, { ...change.event, subject: namespace });
    return read({ ...ctx, db }, namespace);
  });
}

/**
 * Gives a namespace its own limit, which counts instead of the one of its plan; for administrators. Nothing is deleted if the
 * namespace has more.
 *
 * @param limitBytes - undefined: no limit
 * @throws AppError `invalid`, `not_found`, and those of `requireAdministrator`
 */
export async function setStorageLimit(
  ctx: UseNeeds,
  actor: Actor,
  name: string,
  limitBytes: number | undefined,
): Promise<StorageUse> {
  if (limitBytes !== undefined && !(Number.isSafeInteger(limitBytes) && limitBytes >= 0)) {
    throw fieldError('invalid', 'limit', 'The limit must be a whole number of bytes');
  }
  const event = { action: 'namespace.storage_limit_set', details: { to: limitBytes ?? 'unlimited' } } as const;
  return changeLimit(ctx, actor, name, { limit: { isOwn: true, bytes: limitBytes }, event });
}

/**
 * Lets the limit of its plan count for a namespace again; for administrators.
 *
 * @throws AppError `not_found`, and those of `requireAdministrator`
 */
export async function removeStorageLimit(ctx: UseNeeds, actor: Actor, name: string): Promise<StorageUse> {
  const event = { action: 'namespace.storage_limit_removed' } as const;
  return changeLimit(ctx, actor, name, { limit: { isOwn: false, bytes: undefined }, event });
}
