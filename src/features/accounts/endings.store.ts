import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { passwordJoins, REPOSITORY_ROLE } from '../access/policy-sql';

/** Sessions, OAuth grants, codes, tokens of engines and links to reset a password are good for one epoch only. */
export async function endCredentials(tx: Db, userId: number): Promise<void> {
  await query(tx, 'update users set credentials_epoch = credentials_epoch + 1 where id = $1', [userId]);
  await query(tx, 'delete from access_tokens where user_id = $1', [userId]);
}

export async function endMailedLinks(tx: Db, userId: number): Promise<void> {
  await query(tx, 'delete from email_links l using emails e where e.id = l.email_id and e.user_id = $1', [userId]);
}

/** Deletes invitations by accounts that may no longer invite to that organization, or are not active. */
export async function endInvitations(tx: Db, userIds: readonly number[]): Promise<void> {
  await query(
    tx,
    `delete from invitations i using teams t, users u
     where t.id = i.team_id and u.username = i.invited_by and u.id = any ($1)
       and not (u.is_active and (u.is_admin or owns_organization(u.id, t.namespace)))`,
    [userIds],
  );
}

/** Deletes all invitations by an account that is about to be deleted. */
export async function endAllInvitations(tx: Db, username: string): Promise<void> {
  await query(tx, 'delete from invitations where invited_by = $1', [username]);
}

export interface EndedHookRow {
  id: number;
  name: string;
  namespace: string;
  repository: string;
}

/** Whether the account that created the webhook `h` may still administer its repository. */
const IS_BACKED = `exists (
  select 1 from repositories r join namespaces n on n.name = r.namespace ${passwordJoins('h.created_by')}
  where r.id = h.repository_id and u.is_active and coalesce((${REPOSITORY_ROLE}) = 'admin', false))`;

const HOOK = 'h.id, h.name, place.namespace, place.name as repository';

/**
 * Switches off the webhooks of accounts that may no longer administer the repositories.
 *
 * @param of.userIds - the webhooks that these accounts created
 * @param of.repositoryIds - and all webhooks of these repositories
 */
export async function switchOffUnbacked(
  tx: Db,
  of: { userIds: readonly number[]; repositoryIds: readonly number[] },
): Promise<EndedHookRow[]> {
  return query<EndedHookRow>(
    tx,
    `update webhooks h set is_active = false from repositories place
     where place.id = h.repository_id and h.is_active and h.created_by is not null
       and (h.created_by = any ($1) or h.repository_id = any ($2)) and not ${IS_BACKED} returning ${HOOK}`,
    [of.userIds, of.repositoryIds],
  );
}

/** Switches off all webhooks of an account that is about to be deleted. */
export async function switchOffAll(tx: Db, userId: number): Promise<EndedHookRow[]> {
  return query<EndedHookRow>(
    tx,
    `update webhooks h set is_active = false from repositories place
     where place.id = h.repository_id and h.is_active and h.created_by = $1 returning ${HOOK}`,
    [userId],
  );
}

/** Deletes the webhooks of a repository, except those of accounts that administer it. */
export async function deleteUnbacked(tx: Db, repositoryId: number): Promise<EndedHookRow[]> {
  return query<EndedHookRow>(
    tx,
    `delete from webhooks h using repositories place
     where place.id = h.repository_id and h.repository_id = $1 and not ${IS_BACKED} returning ${HOOK}`,
    [repositoryId],
  );
}

/** Deliveries that are still waiting are not sent. */
export async function endDeliveries(tx: Db, webhookIds: readonly number[]): Promise<void> {
  await query(
    tx,
    `update webhook_deliveries set state = 'failed', finished_at = now() where webhook_id = any ($1) and state = 'pending'`,
    [webhookIds],
  );
}

/** The ids of the users who own a namespace and can log in. */
export async function listActiveOwners(db: Db, namespace: string): Promise<number[]> {
  const rows = await query<{ id: number }>(
    db,
    'select u.id from users u where u.is_active and u.robot_of is null and owns_namespace(u.id, $1) order by u.id',
    [namespace],
  );
  return rows.map(({ id }) => id);
}
