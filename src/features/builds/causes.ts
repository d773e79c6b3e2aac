import type { Db } from '../../platform/db/db';
import type { BuildCause, RefType } from './builds.store';
import { queueBuild } from './queue';
import type { RuleRow } from './rules.store';
import { tagForRef } from './tag-template';

/** Why builds are queued. */
export interface Cause {
  readonly kind: BuildCause;
  /** the account that asked */
  readonly userId?: number | undefined;
  /** who or what asked: a username, or the base repository of a link */
  readonly name?: string | undefined;
  /** all steps are to be run again */
  readonly noCache?: boolean | undefined;
}

/** A ref to build, with the commit that it should have. */
export interface WantedRef {
  readonly type: RefType;
  readonly name: string;
  readonly commit?: { readonly hash: string; readonly message?: string; readonly author?: string } | undefined;
}

/** Queues a build of a ref by a rule. Only one that a hook asks for is left out if its commit has been built. */
export async function queueByRule(
  tx: Db,
  source: { readonly id: number; readonly repositoryId: number },
  rule: RuleRow,
  { ref, cause }: { readonly ref: WantedRef; readonly cause: Cause },
): Promise<{ id: number; isNew: boolean }> {
  return queueBuild(tx, {
    repositoryId: source.repositoryId,
    sourceId: source.id,
    ruleId: rule.id,
    cause: cause.kind,
    requestedBy: cause.userId,
    requestedName: cause.name,
    isRequired: cause.kind !== 'hook',
    noCache: cause.noCache,
    refType: ref.type,
    refName: ref.name,
    commit: ref.commit,
    dockerfilePath: rule.dockerfile_path,
    contextPath: rule.context_path,
    tag: tagForRef(rule.tag, ref.name),
  });
}
