import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { Actor } from '../access/actor';
import { requireAdministrator } from '../access/current-account';
import { doerOf } from '../access/doer';
import { normalizeUsername } from '../accounts/account-rules';
import { recordEvent } from '../audit/audit';
import { lockNamespace } from '../namespaces/plans';
import { assertArguments, type Values } from './build-inputs';
import * as store from './namespace-policy.store';

/** What site administrators decide for the builds of a namespace. */
export interface BuildPolicy {
  readonly namespace: string;
  /** the builds of all of its repositories have a network */
  readonly allowsNetwork: boolean;
  /** such as the URL of a mirror of packages; those of a source count more */
  readonly buildArguments: Values;
}

async function read(db: Db, namespace: string): Promise<BuildPolicy> {
  const row = await store.find(db, namespace);
  return {
    namespace,
    allowsNetwork: row?.allows_network ?? false,
    buildArguments: row?.build_arguments ?? {},
  };
}

/** @throws AppError `not_found` */
async function locked(tx: Db, name: string): Promise<string> {
  const namespace = normalizeUsername(name);
  if (!(await lockNamespace(tx, namespace))) throw new AppError('not_found', `No such namespace: ${name}`);
  return namespace;
}

/**
 * The policy of a namespace, for site administrators; one that was never set allows nothing.
 *
 * @throws AppError `not_found`, and those of `requireAdministrator`
 */
export async function getBuildPolicy(ctx: Needs<'db'>, actor: Actor, name: string): Promise<BuildPolicy> {
  await requireAdministrator(ctx, actor);
  return inTransaction(ctx.db, async (tx) => read(tx, await locked(tx, name)));
}

/**
 * Sets the policy of a namespace: builds that begin from now on follow it.
 *
 * @throws AppError `invalid`, `not_found`, and those of `requireAdministrator`
 */
export async function setBuildPolicy(
  ctx: Needs<'db'>,
  actor: Actor,
  { namespace: name, allowsNetwork, buildArguments }: BuildPolicy,
): Promise<BuildPolicy> {
  const doer = doerOf(actor, await requireAdministrator(ctx, actor));
  assertArguments(buildArguments);
  return inTransaction(ctx.db, async (tx) => {
    const namespace = await locked(tx, name);
    await store.save(tx, namespace, { allows_network: allowsNetwork, build_arguments: { ...buildArguments } });
    const details = { network: allowsNetwork, arguments: Object.keys(buildArguments).join(' ') };
    await recordEvent(tx, doer, { action: 'build.policy_set', subject: namespace, details });
    return read(tx, namespace);
  });
}

/**
 * Removes the policy of a namespace.
 *
 * @throws AppError `not_found`, also when it has none, and those of `requireAdministrator`
 */
export async function removeBuildPolicy(ctx: Needs<'db'>, actor: Actor, name: string): Promise<void> {
  const doer = doerOf(actor, await requireAdministrator(ctx, actor));
  await inTransaction(ctx.db, async (tx) => {
    const namespace = await locked(tx, name);
    if (!(await store.remove(tx, namespace))) throw new AppError('not_found', `${namespace} has no build policy`);
    await recordEvent(tx, doer, { action: 'build.policy_removed', subject: namespace });
  });
}
