import type { Db } from '../../platform/db/db';
import { recordEvent, type Doer } from '../audit/audit';
import * as store from './endings.store';
import { queueNotice } from './mail-queue';

export { listActiveOwners } from './endings.store';

/** What can happen to an account, or to a repository that it owned. */
export type Ending =
  | 'transfer' // its repository goes to a namespace of others
  | 'role lost' // it no longer owns the organization
  | 'deactivation' // and a reactivation later
  | 'deletion';

/**
 *   ends     does not work from then on, even after a reactivation
 *   sleeps   does not work while the account is not active
 *   stays    as before
 */
export type Fate = 'ends' | 'sleeps' | 'stays';

function at(transfer: Fate, roleLost: Fate, deactivation: Fate, deletion: Fate): Record<Ending, Fate> {
  return { transfer, 'role lost': roleLost, deactivation, deletion };
}

/**
 * What happens to the things that an account has, has created or was given. A test tries each of these.
 *
 * Tokens carry no rights of their own: the rights of the account are checked at each use, so a token ends with the
 * right. Memberships and collaborations are decisions of others, and sleep with the account. Stars and comments stay as
 * long as their author has an account. Former names outlive everything; see `repositories/retired-names.ts`.
 */
export const FATES = {
  //                                     transfer  role lost  deactivation  deletion
  'webhook that it made': at('ends', 'ends', 'ends', 'ends'),
  'delivery that waits': at('ends', 'ends', 'ends', 'ends'),
  'invitation that it sent': at('stays', 'ends', 'ends', 'ends'),
  password: at('stays', 'stays', 'sleeps', 'ends'),
  session: at('stays', 'stays', 'ends', 'ends'),
  'access token': at('stays', 'stays', 'ends', 'ends'),
  'linked sign-in': at('stays', 'stays', 'sleeps', 'ends'),
  'linked account at a git provider': at('stays', 'stays', 'sleeps', 'ends'),
  'OAuth access': at('stays', 'stays', 'ends', 'ends'),
  'engine token for the repository': at('ends', 'ends', 'ends', 'ends'),
  'link to set a password': at('stays', 'stays', 'ends', 'ends'),
  'link to confirm an address': at('stays', 'stays', 'ends', 'ends'),
  'collaboration of another in the repository': at('ends', 'stays', 'stays', 'stays'),
  'access of a team to the repository': at('ends', 'stays', 'stays', 'stays'),
  'membership in another team': at('stays', 'stays', 'sleeps', 'ends'),
  star: at('stays', 'stays', 'stays', 'ends'),
  comment: at('stays', 'stays', 'stays', 'ends'),
  'former name of the repository': at('stays', 'stays', 'stays', 'stays'),
} as const satisfies Record<string, Record<Ending, Fate>>;

/**
 * Ends what accounts have set up and may no longer have, after they lost a role or were deactivated.
 *
 * @param of.userIds - the accounts that lost something
 * @param of.repositoryIds - the repositories in which any account may have lost something
 */
export async function endUnbacked(
  tx: Db,
  doer: Doer,
  of: { readonly userIds?: readonly number[]; readonly repositoryIds?: readonly number[] },
): Promise<void> {
  const { userIds = [], repositoryIds = [] } = of;
  await store.endInvitations(tx, userIds);
  await tellOwners(tx, doer, await store.switchOffUnbacked(tx, { userIds, repositoryIds }));
}

/** A deactivation ends mailed links at once. */
export async function endLinks(tx: Db, userId: number): Promise<void> {
  await store.endMailedLinks(tx, userId);
}

/**
 * Before an account becomes active again, ends everything that it had opened, so that none of it comes back. Until
 * then, requests are refused because the account is not active, which tells users more than that their session is
 * unknown.
 */
export async function endCredentials(tx: Db, userId: number): Promise<void> {
  await store.endCredentials(tx, userId);
}

/**
 * Deletes the webhooks of accounts that lost their rights in a repository when it moved to another namespace: they get
 * no more notifications of it.
 */
export async function endOfTransferred(tx: Db, doer: Doer, repositoryId: number): Promise<void> {
  for (const hook of await store.deleteUnbacked(tx, repositoryId)) {
    const subject = subjectOf(hook);
    await recordEvent(tx, doer, { action: 'webhook.deleted', subject, details: { webhook: hook.name } });
  }
}

/** Before an account is deleted, ends what would remain without its owner. */
export async function endAccount(tx: Db, doer: Doer, user: { id: number; username: string }): Promise<void> {
  await store.endAllInvitations(tx, user.username);
  await tellOwners(tx, doer, await store.switchOffAll(tx, user.id), user.id);
}

function subjectOf({ namespace, repository }: store.EndedHookRow): string {
  return namespace === 'library' ? repository : `${namespace}/${repository}`;
}

/**
 * Notifies the owners, who may switch the webhooks on again. Accounts that lost the right learn nothing about the
 * repository.
 */
async function tellOwners(tx: Db, doer: Doer, hooks: readonly store.EndedHookRow[], besides?: number): Promise<void> {
  const ids = hooks.map(({ id }) => id);
  if (ids.length > 0) await store.endDeliveries(tx, ids);
  for (const hook of hooks) {
    const subject = subjectOf(hook);
    const details = { webhook: hook.name, reason: 'its creator can no longer administer the repository' };
    await recordEvent(tx, doer, { action: 'webhook.disabled', subject, details });
    for (const ownerId of await store.listActiveOwners(tx, hook.namespace)) {
      if (ownerId !== besides) await queueNotice(tx, ownerId, noticeOf(hook.name, subject));
    }
  }
}

function noticeOf(hook: string, repository: string): { subject: string; paragraphs: string[] } {
  return {
    subject: `The webhook ${hook} of ${repository} was disabled`,
    paragraphs: [
      `The user who created the webhook ${hook} of ${repository} can no longer administer the repository. ` +
        'The webhook was disabled, so that its URLs are no longer notified of pushes.',
      'If you still need it, review its URLs and enable it again.',
    ],
  };
}
