import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import type { Actor, RepositoryName } from '../access/actor';
import { doerOf } from '../access/doer';
import { getNamespaceAccess, type NamespaceAccess } from '../namespaces/namespace-access';
import { lockNamespace } from '../namespaces/plans';
import { countDecisions } from './decisions.store';
import * as store from './policies.store';
import { policyFrom, removePolicy, rulesFrom, savePolicy, type AppliedRetention } from './policies';
import { decidingFor } from './preview';
import { checkRules, type RetentionRules } from './rules';

/* The policy of a namespace. It applies to those of its repositories that have none of their own. */

async function getManaged(ctx: Needs<'db'>, actor: Actor, name: string): Promise<NamespaceAccess> {
  const access = await getNamespaceAccess(ctx, actor, name);
  const { namespace } = access;
  if (!access.canManage) throw new AppError('forbidden', `Only owners of ${namespace} can do this`);
  if (access.kind === 'remote') throw new AppError('forbidden', `${namespace} belongs to another index`);
  return access;
}

async function read(db: Db, namespace: string): Promise<AppliedRetention> {
  const row = await store.findOfNamespace(db, namespace);
  return row === undefined ? { source: 'none' } : { source: 'namespace', policy: policyFrom(row) };
}

/**
 * The policy of a namespace, for its owners.
 *
 * @throws AppError as `getNamespaceAccess`, `forbidden`
 */
export async function getNamespaceRetention(
  ctx: Needs<'db'>,
  actor: Actor,
  name: string,
): Promise<AppliedRetention & { readonly namespace: string }> {
  const { namespace } = await getManaged(ctx, actor, name);
  return { ...(await read(ctx.db, namespace)), namespace };
}

/**
 * Sets the policy of a namespace, for its owners. The next run follows it.
 *
 * @param assertCurrent - gets the locked state, and throws if it is not the one that the caller wants to change
 * @returns what applies now
 * @throws AppError `invalid`, as `getNamespaceRetention`, and what `assertCurrent` throws
 */
export async function setNamespaceRetention(
  ctx: Needs<'db'>,
  actor: Actor,
  { name, rules }: { readonly name: string; readonly rules: RetentionRules },
  assertCurrent: (applied: AppliedRetention) => void,
): Promise<AppliedRetention> {
  const { namespace, principal } = await getManaged(ctx, actor, name);
  return inTransaction(ctx.db, async (tx) => {
    await lockNamespace(tx, namespace);
    assertCurrent(await read(tx, namespace));
    await savePolicy(tx, { namespace }, rules, { doer: doerOf(actor, principal), subject: namespace });
    return read(tx, namespace);
  });
}

/**
 * Removes the policy of a namespace, for its owners.
 *
 * @throws AppError `not_found` when it has none, and as `getNamespaceRetention`
 */
export async function removeNamespaceRetention(ctx: Needs<'db'>, actor: Actor, name: string): Promise<void> {
  const { namespace, principal } = await getManaged(ctx, actor, name);
  await inTransaction(ctx.db, async (tx) => {
    await lockNamespace(tx, namespace);
    await removePolicy(tx, { namespace }, { doer: doerOf(actor, principal), subject: namespace });
  });
}

/** What a run would do in a repository now. */
export interface RepositoryFate extends RepositoryName {
  readonly hasOwnPolicy: boolean;
  readonly deleted: number;
  readonly kept: number;
}

/**
 * What a run would do in each repository of a namespace now, for its owners.
 *
 * @param rules - to be tried in repositories without their own policy; undefined: those that the namespace has
 * @throws AppError `invalid` for rules that no policy can have, and as `getNamespaceRetention`
 */
export async function previewNamespace(
  ctx: Needs<'db'>,
  actor: Actor,
  { name, rules }: { readonly name: string; readonly rules?: RetentionRules | undefined },
  range: Range,
): Promise<{ total: number; repositories: RepositoryFate[] }> {
  const { namespace } = await getManaged(ctx, actor, name);
  if (rules !== undefined) checkRules(rules);
  const shared = rules ?? rulesFrom(await store.findOfNamespace(ctx.db, namespace));
  const { total, rows } = await store.listRepositories(ctx.db, namespace, range);
  const repositories: RepositoryFate[] = [];
  for (const { id, name: repository, immutable_tags: immutableTags, has_own_policy: hasOwnPolicy } of rows) {
    const applied = hasOwnPolicy ? rulesFrom(await store.findApplying(ctx.db, id)) : shared;
    const counts = await countDecisions(ctx.db, decidingFor(id, applied, immutableTags));
    repositories.push({ namespace, name: repository, hasOwnPolicy, ...counts });
  }
  return { total, repositories };
}
