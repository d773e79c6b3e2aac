import { z } from 'zod';
import type { Db } from '../../platform/db/db';
import { enqueue } from '../../platform/jobs/queue';

/*
 * The mails to accounts that are queued; mail-jobs.ts sends them. They wait in the database, so nothing in them is
 * secret.
 */

export const confirmation = z.object({ emailId: z.number() });

/** The name or address as it was typed, by anyone. */
export const request = z.object({ nameOrAddress: z.string() });

export const notice = z.object({
  userId: z.number(),
  subject: z.string(),
  paragraphs: z.array(z.union([z.string(), z.object({ path: z.string() })])),
});

/** A notice to one address of an account, which may no longer have that address. */
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

/** A day of attempts: an operator notices a mail server that is down for longer. */
const PATIENT = { maxAttempts: 14 };

/** Half an hour: no user waits longer in front of the screen, and everyone may ask again. */
const AWAITED = { maxAttempts: 8 };

/** Queues a mail about a change of an account; `security-notices.ts` says which. */
export async function queueSecurityNotice(tx: Db, notice: z.infer<typeof securityNotice>): Promise<void> {
  await enqueue(tx, MAIL_JOBS.security, notice, PATIENT);
}

/** Queues the mail that asks to confirm an address. */
export async function queueConfirmation(tx: Db, emailId: number): Promise<void> {
  await enqueue(tx, MAIL_JOBS.confirmation, { emailId }, PATIENT);
}

/** Queues the same mail for the account of this name or address, if there is one, and anything to confirm. */
export async function queueConfirmationAgain(tx: Db, nameOrAddress: string): Promise<void> {
  await enqueue(tx, MAIL_JOBS.confirmationAgain, { nameOrAddress }, AWAITED);
}

/** Queues the mail to set a new password, for the account of this name or address, if there is one. */
export async function queuePasswordReset(tx: Db, nameOrAddress: string): Promise<void> {
  await enqueue(tx, MAIL_JOBS.reset, { nameOrAddress }, AWAITED);
}

/**
 * Queues a mail to an account, to its verified primary address if it has one. The mail waits in the database, so it
 * must not contain a secret.
 *
 * @param message - a path among its paragraphs becomes a link to this server
 */
export async function queueNotice(tx: Db, userId: number, message: Notice): Promise<void> {
  await enqueue(tx, MAIL_JOBS.notice, { userId, ...message }, PATIENT);
}
