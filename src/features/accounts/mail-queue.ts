import { z } from 'zod';
import type { Db } from '../../platform/db/db';
import { enqueue } from '../../platform/jobs/queue';

/*
 * What is queued to be mailed to accounts; mail-jobs.ts sends it. Everything here waits in the database, so none of it
 * is secret.
 */

export const confirmation = z.object({ emailId: z.number() });

/** As somebody typed it, who may be anybody. */
export const request = z.object({ nameOrAddress: z.string() });

export const notice = z.object({
  userId: z.number(),
  subject: z.string(),
  paragraphs: z.array(z.union([z.string(), z.object({ path: z.string() })])),
});

/** To one address of an account, which may be none of it any more. */
export const securityNotice = z.object({
  to: z.string(),
  username: z.string(),
  kind: z.string(),
  detail: z.string(),
  at: z.string(),
  from: z.string(),
  by: z.string().optional(),
});

export type Notice = Omit<z.infer<typeof notice>, 'userId'>;

export const MAIL_JOBS = {
  confirmation: 'mail_confirmation',
  confirmationAgain: 'mail_confirmation_again',
  reset: 'mail_password_reset',
  notice: 'mail_notice',
  security: 'mail_security_notice',
} as const;

/** A day of attempts; a mail server that is away longer is noticed. */
const PATIENT = { maxAttempts: 14 };

/** Half an hour: nobody waits longer in front of the screen, and everybody may ask again. */
const AWAITED = { maxAttempts: 8 };

/** Queues a mail about a change of an account; `security-notices.ts` says which. */
export async function queueSecurityNotice(tx: Db, notice: z.infer<typeof securityNotice>): Promise<void> {
  await enqueue(tx, MAIL_JOBS.security, notice, PATIENT);
}

/** Queues the mail that asks to confirm an address. */
export async function queueConfirmation(tx: Db, emailId: number): Promise<void> {
  await enqueue(tx, MAIL_JOBS.confirmation, { emailId }, PATIENT);
}

/** Queues the same for whoever is named, if there is anybody, and anything to confirm. */
export async function queueConfirmationAgain(tx: Db, nameOrAddress: string): Promise<void> {
  await enqueue(tx, MAIL_JOBS.confirmationAgain, { nameOrAddress }, AWAITED);
}

/** Queues the mail with which whoever is named, if there is anybody, sets a new password. */
export async function queuePasswordReset(tx: Db, nameOrAddress: string): Promise<void> {
  await enqueue(tx, MAIL_JOBS.reset, { nameOrAddress }, AWAITED);
}

/**
 * Queues a mail to an account, to its verified primary address as far as it has one. It waits in the database, so it
 * must have no secret.
 *
 * @param message - of its paragraphs, a path becomes a link to this server
 */
export async function queueNotice(tx: Db, userId: number, message: Notice): Promise<void> {
  await enqueue(tx, MAIL_JOBS.notice, { userId, ...message }, PATIENT);
}
