import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
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

/** What can happen. The part before the dot names the kind of thing that it happens to. */
export type AuditAction =
  | 'login.ok' // a password was checked and right; or, with details by, a provider identified the user
  | 'login.failed' // the subject is the name that was tried; details: reason
  | 'login.blocked' // one failure too many; details: how long, and whose failures were counted
  | 'session.started' // in a browser
  | 'session.confirmed' // the password was given again
  | 'session.ended' // details: how many, when all others were ended at once
  | 'sign_in.linked' // an account to a user of a provider; details: issuer
  | 'sign_in.unlinked' // details: issuer
  | 'oauth.client_created'
  | 'oauth.client_deleted'
  | 'oauth.authorized' // an account lets a client act for it; details: scope
  | 'oauth.reused' // a code or refresh token came twice, and its tokens ended; details: client
  | 'oauth.revoked' // an account takes that back; details: client
  | 'user.registered'
  | 'user.created'
  | 'user.password_changed'
  | 'user.password_reset_sent' // an administrator has a link mailed to the user
  | 'user.email_added'
  | 'user.email_confirmed'
  | 'user.primary_email_changed'
  | 'user.email_removed'
  | 'user.profile_changed' // details: fields
  | 'user.renamed' // details: to
  | 'user.activated'
  | 'user.deactivated'
  | 'user.admin_granted'
  | 'user.admin_revoked'
  | 'user.deleted'
  | 'second_factor.begun'
  | 'second_factor.turned_on'
  | 'second_factor.turned_off' // by an administrator, when the doer is not the subject
  | 'second_factor.codes_renewed'
  | 'key.rotated' // details: how many second factors were sealed again
  | 'token.created'
  | 'token.revoked'
  | 'plan.changed'
  | 'plan.deleted'
  | 'namespace.plan_changed' // details: to
  | 'namespace.settings_changed' // details: fields
  | 'namespace.storage_limit_set' // details: to
  | 'namespace.storage_limit_removed' // the one of its plan counts again
  | 'organization.created'
  | 'organization.converted' // from a user
  | 'organization.renamed' // details: to
  | 'organization.deleted'
  | 'team.created'
  | 'team.described'
  | 'team.deleted'
  | 'team.group_mapped' // members of a group of the provider are in the team; details: group
  | 'team.group_unmapped' // details: group
  | 'team.member_added' // details: member, group when it is the reason
  | 'team.member_removed' // details: member, group
  | 'team.access_changed' // details: repository, access
  | 'invitation.sent'
  | 'invitation.accepted'
  | 'invitation.declined'
  | 'invitation.withdrawn'
  | 'robot.created'
  | 'robot.deleted'
  | 'repository.created'
  | 'repository.renamed' // details: to
  | 'repository.alias_removed'
  | 'name.freed' // an administrator freed a retired name
  | 'collaborator.added' // details: collaborator
  | 'collaborator.removed' // details: collaborator
  | 'repository.visibility_changed' // details: to
  | 'repository.immutable_tags_changed' // details: to
  | 'repository.described'
  | 'repository.deletion_started' // the first of three steps
  | 'repository.emptied' // the second
  | 'repository.deleted' // the third, or all at once
  | 'tag.set' // details: to
  | 'tag.moved' // details: from, to
  | 'tag.deleted' // details: from
  | 'retention.changed' // the subject of these is the repository or namespace; details: the rules
  | 'retention.removed'
  | 'retention.started' // by a person, not by the schedule; details: run
  | 'retention.run' // has deleted tags; details: run, deleted, kept
  | 'push.finished'
  | 'manifest.pushed' // by digest; details: digest
  | 'manifest.deleted' // details: digest
  | 'blob.deleted' // details: digest
  | 'star.added'
  | 'star.removed'
  | 'comment.added' // details: comment
  | 'comment.deleted' // details: comment, author
  | 'comment.flagged' // details: comment
  | 'comment.flags_dismissed' // details: comment, flags
  | 'webhook.created' // the subject of these is the repository; details: webhook
  | 'webhook.updated'
  | 'webhook.deleted'
  | 'webhook.disabled' // after long failure
  | 'webhook.sent' // by hand: a test, or a delivery once more; details: webhook, what
  | 'build.source_set' // the subject of these is the repository; details: provider, url
  | 'build.source_changed' // details: fields
  | 'build.source_removed'
  | 'build.rules_changed' // details: rules
  | 'build.trigger_changed' // the former trigger URL ends; details: to
  | 'build.links_changed' // details: bases
  | 'build.requested' // by a person; details: build, ref
  | 'build.cancelled' // details: build
  | 'build.finished' // details: build, state, tag
  | 'job.retried' // the subject of these is the job's name
  | 'job.dropped'
  | 'maintenance.started' // by an administrator; the subject is the kind, details: run
  | 'maintenance.cancelled'
  | 'gc.freed' // in one repository
  | 'gc.run'
  | 'scrub.run'
  | 'backup.run' // details: layers, bytes, damaged
  | 'storage.copied' // details: from, to, layers, damaged
  | 'storage.forgotten' // the subject is the place
  | 'backup.restored'; // details: from (when the backup was made), layers

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
