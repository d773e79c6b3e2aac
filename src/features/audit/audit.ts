import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import type { AuditAction } from './audit-action';
import * as store from './audit.store';

/*
 * The audit log: who did what from where.
 *
 *   - A change and its event are one transaction: a change that cannot be recorded does not happen.
 *   - A login changes nothing. If its event cannot be written, the log of the process says so, and the login succeeds:
 *     a full table must not lock everybody out (`recordLogin`).
 *   - Reading is not recorded, and neither are logins whose credentials were remembered (PasswordChecker). So the
 *     limits on failed logins bound the number of events that an anonymous client can cause.
 *   - Never in an event: passwords, tokens, e-mail addresses.
 */

/** Who does something: an account, an operator, or an unknown caller. */
export interface Doer {
  readonly userId: number | undefined;
  readonly name: string | undefined;
  readonly address: string;
}

/** The person at the command line. */
export const OPERATOR: Doer = { userId: undefined, name: 'operator', address: 'command line' };

/** The server itself, which does its jobs. */
export const SERVER: Doer = { userId: undefined, name: 'server', address: 'job' };

/** The job that deletes the tags that no rule of a retention policy keeps. */
export const RETENTION: Doer = { userId: undefined, name: 'retention', address: 'job' };

/** The processes that build automated repositories; the name is the one that webhooks of the Hub had. */
export const BUILDER: Doer = { userId: undefined, name: 'trustedbuilder', address: 'builder' };

/** The names of doers that are not accounts. No account can get one of them, so that the log is clear about who it was. */
export const NAMES_WITHOUT_ACCOUNT: ReadonlySet<string | undefined> = new Set(
  [OPERATOR, SERVER, RETENTION, BUILDER].map(({ name }) => name),
);

/** Facts about an event that are not in its subject. */
export type AuditDetails = Readonly<Record<string, string | number | boolean>>;

/** Something that happened. */
export interface AuditEvent {
  readonly action: AuditAction;
  /** the name of the account, repository or `repository:tag` that it happened to */
  readonly subject: string;
  readonly details?: AuditDetails;
}

/** An event as it was recorded. */
export interface RecordedEvent extends AuditEvent {
  readonly id: number;
  readonly at: Date;
  readonly actor: string | undefined;
  readonly address: string;
  readonly details: AuditDetails;
}

/** Which events to list; an undefined condition filters nothing. */
export interface AuditFilter {
  /** who did it, or whose login it was */
  readonly user?: string | undefined;
  /** how the action begins */
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly since?: Date | undefined;
  /** only older events */
  readonly until?: Date | undefined;
  readonly limit: number;
  /** how many of the newest to leave out */
  readonly offset?: number | undefined;
}

const LONGEST_SUBJECT = 255;

/** Anyone may try to log in under any name: the name is kept as far as Postgres and a screen can take it. */
function storable(subject: string): string {
  return subject.replaceAll('\0', '\ufffd').slice(0, LONGEST_SUBJECT);
}

/**
 * Records an event.
 *
 * @param tx - the transaction of the change that the event is about
 */
export async function recordEvent(tx: Db, doer: Doer, event: AuditEvent): Promise<void> {
  await recordEvents(tx, doer, [event]);
}

/** Records several events of one doer. */
export async function recordEvents(tx: Db, doer: Doer, events: readonly AuditEvent[]): Promise<void> {
  const rows = events.map(({ action, subject, details = {} }) => ({ action, subject: storable(subject), details }));
  await store.insert(tx, doer, rows);
}

/** Records an event of logging in; never throws, because no change depends on it. */
export async function recordLogin(ctx: Needs<'db' | 'log'>, doer: Doer, event: AuditEvent): Promise<void> {
  try {
    await recordEvent(ctx.db, doer, event);
  } catch (error) {
    ctx.log.error({ err: error, address: doer.address, ...event }, 'an event could not be recorded');
  }
}

/** Lists events, the newest first. */
export async function listEvents(ctx: Needs<'db'>, filter: AuditFilter): Promise<RecordedEvent[]> {
  const rows = await store.list(ctx.db, filter);
  return rows.map(({ actor_name: actor, action, ...row }) => ({
    ...row,
    actor: actor ?? undefined,
    action: action as AuditAction,
  }));
}

/** How many events there are. */
export async function countEvents(ctx: Needs<'db'>, filter: Omit<AuditFilter, 'limit' | 'offset'>): Promise<number> {
  return store.count(ctx.db, filter);
}

const FORGOTTEN_AT_ONCE = 10_000;

/**
 * Forgets the events that are older than this.
 *
 * @returns how many there were
 */
export async function forgetEvents(ctx: Needs<'db'>, olderThanMs: number): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const deleted = await store.deleteBefore(ctx.db, olderThanMs, FORGOTTEN_AT_ONCE);
    forgotten += deleted;
    if (deleted < FORGOTTEN_AT_ONCE) return forgotten;
  }
}
