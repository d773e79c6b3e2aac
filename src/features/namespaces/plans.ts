import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { AppError, fieldError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { requireAdministrator } from '../access/current-account';
import { doerOf } from '../access/doer';
import { recordEvent, type Doer } from '../audit/audit';
import * as store from './plans.store';

export { lockNamespace } from './plans.store';

/*
 * Plans: how many private repositories a namespace may have, and how many bytes of layers. A smaller plan does not take
 * anything away: it only refuses further private repositories and further layers. Unlisted repositories do not count.
 */

export interface Plan {
  readonly name: string;
  /** undefined: unlimited */
  readonly privateRepositories: number | undefined;
  /** of all layers of the namespace, each once; undefined: unlimited */
  readonly storedBytes: number | undefined;
  /** the position in the list, smallest first */
  readonly position: number;
}

/** The private repositories of a namespace, and the limit. */
export interface PrivateSlots {
  readonly plan: string;
  readonly used: number;
  readonly limit: number | undefined;
}

const PLAN = /^[a-z0-9_-]{1,30}$/;

/** All plans, in their order. */
export async function listPlans(ctx: Needs<'db'>): Promise<Plan[]> {
  const rows = await store.listPlans(ctx.db);
  return rows.map((row) => ({
    name: row.name,
    privateRepositories: row.private_repositories ?? undefined,
    storedBytes: row.stored_bytes ?? undefined,
    position: row.position,
  }));
}

/** @throws AppError `not_found` when there is no such namespace */
export async function getPrivateSlots(ctx: Needs<'db'>, namespace: string): Promise<PrivateSlots> {
  const row = await store.findSlots(ctx.db, namespace);
  if (row === undefined) throw new AppError('not_found', `No such namespace: ${namespace}`);
  return { plan: row.plan, used: row.used, limit: row.private_repositories ?? undefined };
}

/**
 * Ensures that one more repository of the namespace may be private, until the transaction ends. If two requests want
 * the last slot, the second waits here and is refused (protocol 2.6).
 *
 * @param alreadyCounted - 1: the repository was created private in this transaction
 * @throws AppError `forbidden` with the limit; `not_found` when there is no such namespace
 */
export async function takePrivateSlot(tx: Db, namespace: string, alreadyCounted: 0 | 1 = 0): Promise<void> {
  await store.lockNamespace(tx, namespace);
  const { plan, used: counted, limit } = await getPrivateSlots({ db: tx }, namespace);
  const used = counted - alreadyCounted;
  if (limit === undefined || used < limit) return;
  const repositories = limit === 1 ? '1 private repository' : `${limit} private repositories`;
  throw new AppError(
    'forbidden',
    `The plan ${plan} of ${namespace} allows ${repositories}; ${used} ${used === 1 ? 'is' : 'are'} in use`,
  );
}

/**
 * Assigns a plan to a user or an organization, after the caller has checked that an administrator asks for it.
 *
 * @throws AppError `not_found` when there is no such plan, user or organization
 */
export async function assignPlan(tx: Db, namespace: string, plan: string, doer: Doer): Promise<void> {
  try {
    const isThere = await store.updatePlan(tx, namespace, plan);
    if (!isThere) throw new AppError('not_found', `No such user or organization: ${namespace}`);
    await recordEvent(tx, doer, { action: 'namespace.plan_changed', subject: namespace, details: { to: plan } });
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new AppError('not_found', `No such plan: ${plan}`, { cause: error });
  }
}

/**
 * Creates a plan, or changes the one of this name; for administrators.
 *
 * @returns whether it is new
 * @throws AppError `invalid`, and those of `requireAdministrator`
 */
export async function setPlan(ctx: Needs<'db'>, actor: Actor, plan: Plan): Promise<boolean> {
  const doer = doerOf(actor, await requireAdministrator(ctx, actor));
  const { name, privateRepositories, storedBytes, position } = plan;
  if (!PLAN.test(name))
    throw fieldError('invalid', 'name', 'The name of a plan has 1 to 30 lowercase letters, digits, "_" and "-"');
  for (const [field, limit] of [
    ['private_repositories', privateRepositories],
    ['stored_bytes', storedBytes],
  ] as const) {
    if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) continue;
    throw fieldError('invalid', field, 'The limits of a plan must be whole numbers');
  }
  return inTransaction(ctx.db, async (tx) => {
    const limits = { private_repositories: privateRepositories ?? null, stored_bytes: storedBytes ?? null };
    const isNew = await store.upsertPlan(tx, { name, ...limits, position });
    const details = {
      privateRepositories: privateRepositories ?? 'unlimited',
      storedBytes: storedBytes ?? 'unlimited',
    };
    await recordEvent(tx, doer, { action: 'plan.changed', subject: name, details });
    return isNew;
  });
}

/**
 * Deletes a plan that no namespace has; for administrators.
 *
 * @throws AppError `not_found`, `conflict` while a namespace has it, and those of `requireAdministrator`
 */
export async function deletePlan(ctx: Needs<'db'>, actor: Actor, name: string): Promise<void> {
  const doer = doerOf(actor, await requireAdministrator(ctx, actor));
  try {
    await inTransaction(ctx.db, async (tx) => {
      if (!(await store.deletePlan(tx, name))) throw new AppError('not_found', `No such plan: ${name}`);
      await recordEvent(tx, doer, { action: 'plan.deleted', subject: name });
    });
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    throw new AppError('conflict', `The plan ${name} is in use`, { cause: error });
  }
}
