import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import { hashSecret, newSecret } from '../../platform/secrets';
import { recordEvent } from '../audit/audit';
import type { Actor } from '../access/actor';
import { requirePasswordLogin } from '../access/current-account';
import { doerOf } from '../access/doer';
import { countInvitation } from '../accounts/mail-limits';
import { assertEmail } from '../accounts/account-rules';
import { getUser } from '../accounts/users';
import { queueInvitation } from './invitation-queue';
import * as store from './invitations.store';
import { getOwnersOrganization } from './namespace-access';
import { join } from './team-members';
import { getOwnedTeam, type TeamPlace } from './teams';

/*
 * Users are invited to a team by username or by e-mail address, and belong to it once they accept. A user can accept
 * invitations for their account, or for an address that they have confirmed. Anyone who has the link of a mailed
 * invitation can accept it with any account, so that people without an account can be invited.
 */

const LASTS_MS = 14 * 24 * 3_600_000;

/** An invitation to a team that has not been accepted yet. */
export interface Invitation {
  readonly id: number;
  readonly organization: string;
  readonly team: string;
  /** the invited user or address: one of the two */
  readonly username: string | undefined;
  readonly email: string | undefined;
  readonly invitedBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

function fromRow(row: store.InvitationRow): Invitation {
  return {
    id: row.id,
    organization: row.organization,
    team: row.team,
    username: row.username ?? undefined,
    email: row.email ?? undefined,
    invitedBy: row.invited_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

function hashOf(secret: string): string {
  return hashSecret(secret).toString('hex');
}

/** Limits invitations: anyone can create an organization, and could use it to send mails to anyone. */
async function assertMayInvite(
  ctx: Needs<'mailLimiters'>,
  inviter: { readonly userId: number; readonly address: string },
  whom: string,
): Promise<void> {
  const retryAfterSeconds = await countInvitation(ctx.mailLimiters, inviter, whom);
  if (retryAfterSeconds === 0) return;
  throw new AppError('busy', 'Too many invitations were sent', { retryAfterSeconds });
}

/**
 * Invites a user or an address to a team, by mail; an earlier invitation of the same person to the team ends.
 *
 * @param whom - a username, or an e-mail address
 * @throws AppError `invalid`, `not_found`, `conflict` for a robot, `busy` after too many invitations, `forbidden`,
 *   `unauthenticated`, `inactive`
 */
export async function invite(
  ctx: Needs<'db' | 'mailLimiters'>,
  actor: Actor,
  place: TeamPlace,
  whom: { username: string } | { email: string },
): Promise<Invitation> {
  const { team, principal } = await getOwnedTeam(ctx, actor, place);
  const user = 'username' in whom ? await getUser(ctx, whom.username) : undefined;
  const email = 'email' in whom ? whom.email : undefined;
  if (user?.robotOf !== undefined)
    throw new AppError('conflict', 'A robot cannot be invited: add it to the team instead');
  if (email !== undefined) assertEmail(email);
  if (!principal.isAdmin) {
    await assertMayInvite(ctx, { userId: principal.userId, address: actor.address }, user?.username ?? email ?? '');
  }
  const doer = doerOf(actor, principal);
  return inTransaction(ctx.db, async (tx) => {
    const same = { teamId: team.id, userId: user?.id, email };
    await store.deleteSame(tx, same);
    const id = await store.insertInvitation(tx, { ...same, invitedBy: doer.name ?? '', lastsMs: LASTS_MS });
    const details = user === undefined ? {} : { invited: user.username };
    const subject = `${team.organization}/${team.name}`;
    await recordEvent(tx, doer, { action: 'invitation.sent', subject, details });
    await queueInvitation(tx, id);
    return readInvitation(tx, id);
  });
}

async function readInvitation(tx: Db, id: number): Promise<Invitation> {
  const invitation = await findInvitation({ db: tx }, id);
  if (invitation === undefined) throw new Error('the new invitation was not found');
  return invitation;
}

/** The open invitations of an organization, for its owners; throws as `invite`. */
export async function listInvitations(
  ctx: Needs<'db'>,
  actor: Actor,
  organization: string,
  range: Range,
): Promise<{ total: number; invitations: Invitation[] }> {
  const { namespace } = await getOwnersOrganization(ctx, actor, organization);
  const { total, rows } = await store.listOfOrganization(ctx.db, namespace, range);
  return { total, invitations: rows.map(fromRow) };
}

/** Withdraws an invitation; throws as `invite`. */
export async function withdrawInvitation(
  ctx: Needs<'db'>,
  actor: Actor,
  organization: string,
  id: number,
): Promise<void> {
  const { principal, namespace } = await getOwnersOrganization(ctx, actor, organization);
  await inTransaction(ctx.db, async (tx) => {
    if (!(await store.deleteOfOrganization(tx, namespace, id))) throw new AppError('not_found', 'No such invitation');
    await recordEvent(tx, doerOf(actor, principal), { action: 'invitation.withdrawn', subject: namespace });
  });
}

/**
 * The open invitations of the actor.
 *
 * @throws AppError `forbidden` for an access token, `unauthenticated`, `inactive`
 */
export async function listOwnInvitations(
  ctx: Needs<'db'>,
  actor: Actor,
  range: Range,
): Promise<{ total: number; invitations: Invitation[] }> {
  const { userId } = await requirePasswordLogin(ctx, actor);
  const { total, rows } = await store.listOfUser(ctx.db, userId, range);
  return { total, invitations: rows.map(fromRow) };
}

/**
 * Accepts an invitation, and joins its team.
 *
 * @param which - its id, when it is for the actor, or the secret of its link
 * @throws AppError `not_found` when there is none, or it is for another user, `forbidden` for an access token,
 *   `unauthenticated`, `inactive`
 */
export async function acceptInvitation(
  ctx: Needs<'db'>,
  actor: Actor,
  which: { id: number } | { secret: string },
): Promise<Invitation> {
  const account = await requirePasswordLogin(ctx, actor);
  return inTransaction(ctx.db, async (tx) => {
    const row =
      'id' in which
        ? await store.takeOfUser(tx, account.userId, which.id)
        : await store.takeBySecret(tx, hashOf(which.secret));
    if (row === undefined) throw new AppError('not_found', 'The invitation does not exist or has expired');
    const doer = doerOf(actor, account);
    const subject = `${row.organization}/${row.team}`;
    await recordEvent(tx, doer, { action: 'invitation.accepted', subject });
    await join(tx, { id: row.team_id, organization: row.organization, name: row.team }, account, doer);
    return fromRow(row);
  });
}

/** Declines an invitation; throws as `acceptInvitation`. */
export async function declineInvitation(ctx: Needs<'db'>, actor: Actor, id: number): Promise<void> {
  const account = await requirePasswordLogin(ctx, actor);
  await inTransaction(ctx.db, async (tx) => {
    const row = await store.takeOfUser(tx, account.userId, id);
    if (row === undefined) throw new AppError('not_found', 'No such invitation');
    const subject = `${row.organization}/${row.team}`;
    await recordEvent(tx, doerOf(actor, account), { action: 'invitation.declined', subject });
  });
}

/** The invitation of a link, without accepting it; undefined when it has expired. */
export async function findInvitationBySecret(ctx: Needs<'db'>, secret: string): Promise<Invitation | undefined> {
  const row = await store.findBySecret(ctx.db, hashOf(secret));
  return row === undefined ? undefined : fromRow(row);
}

/** An open invitation, for the mail about it; undefined when it is gone. */
export async function findInvitation(ctx: Needs<'db'>, id: number): Promise<Invitation | undefined> {
  const row = await store.findInvitation(ctx.db, id);
  return row === undefined ? undefined : fromRow(row);
}

/**
 * Creates the secret of an invitation's link when the mail is sent; only its hash is stored.
 *
 * @returns undefined when the invitation is gone
 */
export async function createInvitationSecret(ctx: Needs<'db'>, id: number): Promise<string | undefined> {
  const secret = newSecret();
  return (await store.updateSecret(ctx.db, id, hashOf(secret))) ? secret : undefined;
}

/** Deletes invitations that nobody accepted in time. */
export async function forgetInvitations(ctx: Needs<'db'>): Promise<void> {
  await store.deleteExpired(ctx.db);
}
