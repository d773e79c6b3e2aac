import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { AdministeredRepository } from '../repositories/access';
import { displayName } from '../repositories/names';
import { getBuild, type Build, type RefType } from './builds';
import { queueByRule, type Cause, type WantedRef } from './causes';
import { noSource } from './no-source';
import { isOneRef, matchRef } from './rule-pattern';
import { list as listRules, type RuleRow } from './rules.store';
import { endWaiting } from './running';
import { find as findSource } from './sources.store';
import * as store from './starting.store';

/** Which builds to start. A rule with a pattern builds the ref that it has built last. */
export type StartRequest =
  | { readonly kind: 'all' }
  | { readonly kind: 'rule'; readonly id: number }
  /** the rules that are about this branch or tag */
  | { readonly kind: 'ref'; readonly type: RefType; readonly name: string }
  /** the rules with this docker tag */
  | { readonly kind: 'tag'; readonly tag: string };

interface Wanted {
  readonly rule: RuleRow;
  readonly ref: WantedRef;
}

/** The ref that a rule builds when nobody names one. */
async function refOf(db: Db, rule: RuleRow): Promise<{ readonly ref: WantedRef; readonly tag: string } | undefined> {
  if (isOneRef(rule.ref_pattern)) return { ref: { type: rule.ref_type, name: rule.ref_pattern }, tag: rule.tag };
  const last = await store.findLastRef(db, rule.id);
  return last && { ref: { type: last.ref_type, name: last.ref_name }, tag: last.tag };
}

/** What a request starts. @param db - not a transaction */
async function wantedBy(db: Db, sourceId: number, request: StartRequest): Promise<Wanted[]> {
  const rules = await listRules(db, sourceId);
  if (request.kind === 'ref') {
    const { type, name } = request;
    const ofType = rules.filter(({ ref_type: refType }) => refType === type);
    const patterns = ofType.map(({ ref_pattern: pattern }) => pattern);
    const matches = await matchRef(db, name, patterns);
    return ofType.filter((_, index) => matches[index] === true).map((rule) => ({ rule, ref: { type, name } }));
  }
  const wanted: Wanted[] = [];
  for (const rule of rules) {
    if (request.kind === 'rule' && rule.id !== request.id) continue;
    const found = await refOf(db, rule);
    if (found === undefined || (request.kind === 'tag' && found.tag !== request.tag)) continue;
    wanted.push({ rule, ref: found.ref });
  }
  return wanted;
}

interface QueueSteps {
  readonly mayQueue?: (tx: Db) => Promise<boolean>;
  readonly queued?: (tx: Db, ids: readonly number[]) => Promise<void>;
}

/**
 * Queues the builds that a request is about.
 *
 * @param steps - in the same transaction: whether to queue at all, and what follows
 * @returns the builds' ids
 */
export async function queueWanted(
  ctx: Needs<'db'>,
  source: { readonly id: number; readonly repositoryId: number },
  { request, cause }: { readonly request: StartRequest; readonly cause: Cause },
  steps: QueueSteps = {},
): Promise<number[]> {
  const wanted = await wantedBy(ctx.db, source.id, request);
  return inTransaction(ctx.db, async (tx) => {
    if ((await steps.mayQueue?.(tx)) === false) return [];
    const ids: number[] = [];
    for (const { rule, ref } of wanted) ids.push((await queueByRule(tx, source, rule, { ref, cause })).id);
    await steps.queued?.(tx, ids);
    return ids;
  });
}

async function sourceOf(
  ctx: Needs<'db'>,
  { id }: AdministeredRepository,
): Promise<{ id: number; repositoryId: number }> {
  const source = await findSource(ctx.db, id);
  if (source === undefined) throw noSource();
  return { id: source.id, repositoryId: id };
}

async function recordRequests(tx: Db, repository: AdministeredRepository, ids: readonly number[]): Promise<void> {
  const subject = displayName(repository);
  for (const build of ids)
    await recordEvent(tx, repository.doer, { action: 'build.requested', subject, details: { build } });
}

/**
 * Starts builds for an administrator of the repository, also of commits that are built already.
 *
 * @param options.noCache - all steps are run again
 * @returns the builds that wait now
 * @throws AppError `not_found` without a source, or when no rule is about the request
 */
export async function startBuilds(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  request: StartRequest,
  { noCache }: { readonly noCache?: boolean | undefined } = {},
): Promise<Build[]> {
  const source = await sourceOf(ctx, repository);
  const { doer } = repository;
  const cause = { kind: 'manual', userId: doer.userId, name: doer.name, noCache } as const;
  const queued = (tx: Db, ids: readonly number[]) => recordRequests(tx, repository, ids);
  const ids = await queueWanted(ctx, source, { request, cause }, { queued });
  if (ids.length === 0) throw new AppError('not_found', 'No build rule is about this, or it has not built a ref yet');
  return Promise.all(ids.map((id) => getBuild(ctx, repository, id)));
}

/**
 * Builds the ref of a build once more, by the rule as it is now.
 *
 * @throws AppError `not_found`; `conflict` when its rule is gone
 */
export async function retryBuild(ctx: Needs<'db'>, repository: AdministeredRepository, id: number): Promise<Build> {
  const source = await sourceOf(ctx, repository);
  const before = await getBuild(ctx, repository, id);
  const { doer } = repository;
  const queued = await inTransaction(ctx.db, async (tx) => {
    const row = await store.findRetried(tx, repository.id, id);
    const rule = (await listRules(tx, source.id)).find(({ id: ruleId }) => ruleId === row?.rule_id);
    if (rule === undefined) throw new AppError('conflict', 'The rule of this build was removed');
    const ref = { type: before.refType, name: before.refName };
    const cause = { kind: 'retry', userId: doer.userId, name: doer.name } as const;
    const build = await queueByRule(tx, source, rule, { ref, cause });
    await recordRequests(tx, repository, [build.id]);
    return build.id;
  });
  return getBuild(ctx, repository, queued);
}

/**
 * Cancels a build: one that waits at once, a running one as soon as its builder has stopped it.
 *
 * @throws AppError `not_found`, `conflict` when it has ended
 */
export async function cancelBuild(ctx: Needs<'db'>, repository: AdministeredRepository, id: number): Promise<Build> {
  await getBuild(ctx, repository, id);
  const { doer } = repository;
  await inTransaction(ctx.db, async (tx) => {
    const error = `Cancelled by ${doer.name ?? 'an administrator'}`;
    if (!(await endWaiting(tx, id, error)) && !(await store.requestCancel(tx, id)))
      throw new AppError('conflict', 'The build has ended already');
    const subject = displayName(repository);
    await recordEvent(tx, doer, { action: 'build.cancelled', subject, details: { build: id } });
  });
  return getBuild(ctx, repository, id);
}
