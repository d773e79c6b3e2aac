import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { hashSecret, isSecret, newSecret } from '../../platform/secrets';
import { recordEvent, type AuditDetails, type Doer } from '../audit/audit';
import { accountOf, type Account, type Actor, type Identity } from '../access/actor';
import { usableHash } from './no-password';
import { authorizeAccount } from './own-account';
import * as store from './sessions.store';

/*
 * Sessions of browsers. The secret is in a cookie; the database has its sha256, so that a copy of the table opens
 * nothing. A session ends by logging out, after two weeks, with a new password, and with its account.
 *
 * Ten minutes after the password was given, a session is not enough for what `guarded-actions.ts` lists: see
 * `confirm-login.ts`.
 */

/** How long a login lasts. */
export const SESSION_SECONDS = 14 * 24 * 3600;

const SESSIONS_PER_USER = 100;
const USER_AGENT_CHARACTERS = 255;

/** A session, as its owner may see it. */
export interface Session {
  readonly id: number;
  readonly createdAt: Date;
  /** to five minutes */
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly address: string;
  readonly userAgent: string;
  /** the password was given within the last ten minutes */
  readonly isConfirmed: boolean;
}

function toSession(row: store.SessionRow): Session {
  return {
    id: row.id,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    address: row.address,
    userAgent: row.user_agent,
    isConfirmed: row.is_confirmed,
  };
}

/** How a session began. */
export interface SessionStart {
  /** false: its owner has not shown lately that the account is theirs; see `confirm-login.ts` */
  readonly isConfirmed?: boolean;
  /** facts for the audit log */
  readonly details?: AuditDetails;
}

/**
 * Begins a session of an account whose credentials were right.
 *
 * @param doer - who logs in, and from where
 * @returns the secret for the cookie, which is stored nowhere else, and the session
 */
export async function createSession(
  ctx: Needs<'db'>,
  identity: Identity,
  doer: Doer & { readonly name: string },
  userAgent: string,
  { isConfirmed = true, details = {} }: SessionStart = {},
): Promise<{ secret: string; session: Session }> {
  const secret = newSecret();
  const row = await inTransaction(ctx.db, async (tx) => {
    const made = await store.insert(tx, {
      ...identity,
      secretHash: hashSecret(secret),
      seconds: SESSION_SECONDS,
      isConfirmed,
      address: doer.address,
      userAgent: userAgent.slice(0, USER_AGENT_CHARACTERS),
    });
    await store.deleteOldest(tx, identity.userId, SESSIONS_PER_USER);
    await recordEvent(tx, doer, { action: 'session.started', subject: doer.name, details });
    return made;
  });
  return { secret, session: toSession(row) };
}

/** A session that is good, and whose it is. */
export interface FoundSession {
  readonly session: Session;
  readonly account: Account;
  readonly identity: Identity;
  /** confirming the password also needs a code */
  readonly hasSecondFactor: boolean;
  /** false: the account's owner signs in with a provider, and confirms with it */
  readonly hasPassword: boolean;
}

/**
 * The session of a cookie and its account, in one query.
 *
 * @returns undefined when there is no session, or it has ended
 * @throws AppError `inactive`
 */
export async function findSession(ctx: Needs<'db'>, secret: string): Promise<FoundSession | undefined> {
  const row = isSecret(secret) ? await store.find(ctx.db, hashSecret(secret)) : undefined;
  if (row === undefined) return undefined;
  if (!row.is_active) throw new AppError('inactive', 'Account is not Active');
  return {
    session: toSession(row),
    account: accountOf(row),
    identity: { userId: row.user_id, credentialsEpoch: row.credentials_epoch },
    hasSecondFactor: row.has_second_factor,
    hasPassword: usableHash(row) !== undefined,
  };
}

/** The actor of a session. */
export function sessionActor({ session, identity }: FoundSession, address: string): Actor {
  return { kind: 'user', identity, address, proof: session.isConfirmed ? 'recent_login' : 'old_login' };
}

/** Ends the session of a cookie, if there is one. */
export async function endSession(ctx: Needs<'db'>, secret: string, address: string): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const owner = await store.deleteOne(tx, hashSecret(secret));
    if (owner === undefined) return;
    const doer = { userId: owner.id, name: owner.username, address };
    await recordEvent(tx, doer, { action: 'session.ended', subject: owner.username });
  });
}

/**
 * The sessions of an account, the newest first, for its owner and for administrators.
 *
 * @throws AppError as `authorizeAccount`
 */
export async function listSessions(ctx: Needs<'db'>, actor: Actor, username: string): Promise<Session[]> {
  const { id } = await authorizeAccount(ctx, actor, username, 'profile');
  return (await store.list(ctx.db, id)).map(toSession);
}

/**
 * Ends all sessions of an account but one, for its owner and for administrators.
 *
 * @param kept - the id of the session that asks; undefined: no session does
 * @returns how many ended
 * @throws AppError as `authorizeAccount`
 */
export async function endOtherSessions(
  ctx: Needs<'db'>,
  actor: Actor,
  username: string,
  kept: number | undefined,
): Promise<number> {
  const { doer, ...user } = await authorizeAccount(ctx, actor, username, 'login');
  return inTransaction(ctx.db, async (tx) => {
    const ended = await store.deleteAllBut(tx, user.id, kept);
    const details = { sessions: ended };
    if (ended > 0) await recordEvent(tx, doer, { action: 'session.ended', subject: user.username, details });
    return ended;
  });
}

/**
 * Ends one session of an account, for its owner and for administrators.
 *
 * @throws AppError `not_found` when the account has no session with this id, and those of `authorizeAccount`
 */
export async function endOneSession(
  ctx: Needs<'db'>,
  actor: Actor,
  username: string,
  sessionId: number,
): Promise<void> {
  const { doer, ...user } = await authorizeAccount(ctx, actor, username, 'login');
  await inTransaction(ctx.db, async (tx) => {
    const isEnded = await store.deleteOfUser(tx, user.id, sessionId);
    if (!isEnded) throw new AppError('not_found', 'No such session: it may already have ended');
    await recordEvent(tx, doer, { action: 'session.ended', subject: user.username, details: { sessions: 1 } });
  });
}

/** Forgets the sessions that have ended. */
export async function forgetSessions(ctx: Needs<'db'>): Promise<void> {
  await store.deleteEnded(ctx.db);
}
