import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent, type AuditDetails, type Doer } from '../audit/audit';
import type { AdministeredRepository } from '../repositories/access';
import { lockAdministered } from '../repositories/get-repository';
import { displayName } from '../repositories/names';
import * as store from './policies.store';
import { checkRules, NO_RULES, type RetentionRules } from './rules';

/*
 * The policies of repositories. A repository without its own has that of its namespace (`namespace-policies.ts`). Its own
 * policy may be empty, and then deletes nothing, whatever the namespace has.
 */

/** A policy, and who changed it last. */
export interface RetentionPolicy extends RetentionRules {
  readonly changedBy: string;
  readonly changedAt: Date;
}

/** What applies to a repository; `source` says whose policy it is. */
export type AppliedRetention =
  | { readonly source: 'repository' | 'namespace'; readonly policy: RetentionPolicy }
  | { readonly source: 'none'; readonly policy?: undefined };

/** The rules of a row. */
export function rulesFrom(row: store.RulesRow | undefined): RetentionRules {
  if (row === undefined) return NO_RULES;
  return {
    keepLast: row.keep_last ?? undefined,
    keepDays: row.keep_days ?? undefined,
    keepTags: row.keep_tags,
    onlyTags: row.only_tags,
  };
}

/** The policy of a row. */
export function policyFrom(row: store.PolicyRow): RetentionPolicy {
  return { ...rulesFrom(row), changedBy: row.changed_by, changedAt: row.changed_at };
}

async function readApplied(db: Db, repositoryId: number): Promise<AppliedRetention> {
  const row = await store.findApplying(db, repositoryId);
  if (row === undefined) return { source: 'none' };
  return { source: row.namespace === null ? 'repository' : 'namespace', policy: policyFrom(row) };
}

/** The policy that applies to a repository. */
export async function getRetention(ctx: Needs<'db'>, repository: AdministeredRepository): Promise<AppliedRetention> {
  return readApplied(ctx.db, repository.id);
}

/** The rules, as the audit log has them. */
function detailsOf({ keepLast, keepDays, keepTags, onlyTags }: RetentionRules): AuditDetails {
  return {
    ...(keepLast === undefined ? {} : { keepLast }),
    ...(keepDays === undefined ? {} : { keepDays }),
    ...(keepTags.length === 0 ? {} : { keepTags: keepTags.join(' ') }),
    ...(onlyTags.length === 0 ? {} : { onlyTags: onlyTags.join(' ') }),
  };
}

/**
 * Saves the policy of a repository or namespace, after the caller has checked the actor and locked it.
 *
 * @throws AppError `invalid` as `checkRules`
 */
export async function savePolicy(
  tx: Db,
  owner: store.PolicyOwner,
  rules: RetentionRules,
  by: { readonly doer: Doer; readonly subject: string },
): Promise<void> {
  const { keepLast, keepDays, keepTags, onlyTags } = checkRules(rules);
  const row = {
    keep_last: keepLast ?? null,
    keep_days: keepDays ?? null,
    keep_tags: [...keepTags],
    only_tags: [...onlyTags],
  };
  await store.upsert(tx, owner, row, by.doer.name ?? '');
  await recordEvent(tx, by.doer, { action: 'retention.changed', subject: by.subject, details: detailsOf(rules) });
}

/**
 * Removes the policy of a repository or namespace, after the caller has checked the actor and locked it.
 *
 * @throws AppError `not_found` when there is none
 */
export async function removePolicy(
  tx: Db,
  owner: store.PolicyOwner,
  by: { readonly doer: Doer; readonly subject: string },
): Promise<void> {
  if (!(await store.remove(tx, owner))) throw new AppError('not_found', `${by.subject} has no retention policy`);
  await recordEvent(tx, by.doer, { action: 'retention.removed', subject: by.subject });
}

/**
 * Sets the policy of a repository. The next run follows it.
 *
 * @param assertCurrent - gets the locked state, and throws if it is not the one that the caller wants to change
 * @returns what applies now
 * @throws AppError `invalid`, as `lockAdministered`, and what `assertCurrent` throws
 */
export async function setRetention(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  rules: RetentionRules,
  assertCurrent: (applied: AppliedRetention) => void,
): Promise<AppliedRetention> {
  return inTransaction(ctx.db, async (tx) => {
    const locked = await lockAdministered(tx, repository);
    assertCurrent(await readApplied(tx, locked.id));
    await savePolicy(tx, { repositoryId: locked.id }, rules, { doer: locked.doer, subject: displayName(locked) });
    return readApplied(tx, locked.id);
  });
}

/**
 * Removes the policy of a repository, so that the one of its namespace applies, if there is one.
 *
 * @throws AppError `not_found` when it has none, and as `lockAdministered`
 */
export async function removeRetention(ctx: Needs<'db'>, repository: AdministeredRepository): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const locked = await lockAdministered(tx, repository);
    await removePolicy(tx, { repositoryId: locked.id }, { doer: locked.doer, subject: displayName(locked) });
  });
}
