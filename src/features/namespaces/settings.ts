import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import type { Actor } from '../access/actor';
import { doerOf } from '../access/doer';
import type { Visibility } from '../access/policy';
import { assignPlan } from './plans';
import { lockNamespace } from './plans.store';
import { getNamespaceAccess, type NamespaceAccess } from './namespace-access';
import * as store from './settings.store';

/** The settings for all repositories of a namespace. */
export interface NamespaceSettings {
  readonly name: string;
  readonly kind: 'library' | 'user' | 'organization' | 'remote';
  readonly plan: string;
  /** the visibility of repositories that a push creates */
  readonly defaultVisibility: Visibility;
  /** the private repositories, and their limit; undefined: the actor may not know */
  readonly slots: { readonly used: number; readonly limit: number | undefined } | undefined;
}

async function readSettings(db: Db, { namespace, isMember, canManage }: NamespaceAccess): Promise<NamespaceSettings> {
  const row = await store.findSettings(db, namespace);
  if (row === undefined) throw new AppError('not_found', `No such namespace: ${namespace}`);
  const slots = { used: row.used, limit: row.private_repositories ?? undefined };
  return {
    name: row.name,
    kind: row.kind,
    plan: row.plan,
    defaultVisibility: row.default_visibility,
    slots: isMember || canManage ? slots : undefined,
  };
}

/**
 * The settings of a namespace; only its members learn how many private repositories it has.
 *
 * @throws AppError `not_found`, `unauthenticated`, `inactive`
 */
export async function getNamespaceSettings(ctx: Needs<'db'>, actor: Actor, name: string): Promise<NamespaceSettings> {
  return readSettings(ctx.db, await getNamespaceAccess(ctx, actor, name));
}

/** Sets the visibility of repositories that a push creates. The caller has checked the actor. */
async function updateDefaultVisibility(tx: Db, namespace: string, visibility: Visibility, doer: Doer): Promise<void> {
  await store.updateDefaultVisibility(tx, namespace, visibility);
  const details = { fields: 'defaultVisibility', to: visibility };
  await recordEvent(tx, doer, { action: 'namespace.settings_changed', subject: namespace, details });
}

/** Changes to a namespace; undefined fields stay as they are. */
export interface NamespaceChanges {
  /** for site administrators */
  readonly plan?: string | undefined;
  readonly defaultVisibility?: Visibility | undefined;
}

/**
 * Changes the settings of a namespace, for its owners; the plan, only for site administrators.
 *
 * @param assertCurrent - throws if the current settings must not be changed
 * @returns the settings after the change
 * @throws AppError `not_found` also for a plan that does not exist, `forbidden`, `unauthenticated`, `inactive`, and
 *   what `assertCurrent` throws
 */
export async function updateNamespace(
  ctx: Needs<'db'>,
  actor: Actor,
  name: string,
  { plan, defaultVisibility }: NamespaceChanges,
  assertCurrent: (settings: NamespaceSettings) => void = () => undefined,
): Promise<NamespaceSettings> {
  const access = await getNamespaceAccess(ctx, actor, name);
  const { principal, namespace } = access;
  if (!access.canManage) throw new AppError('forbidden', `Only owners of ${namespace} can do this`);
  if (plan !== undefined && !principal.isAdmin) throw new AppError('forbidden', 'Only administrators can assign plans');
  const doer = doerOf(actor, principal);
  return inTransaction(ctx.db, async (tx) => {
    await lockNamespace(tx, namespace);
    const before = await readSettings(tx, access);
    assertCurrent(before);
    if (plan !== undefined && plan !== before.plan) await assignPlan(tx, namespace, plan, doer);
    if (defaultVisibility !== undefined && defaultVisibility !== before.defaultVisibility) {
      await updateDefaultVisibility(tx, namespace, defaultVisibility, doer);
    }
    return readSettings(tx, access);
  });
}
