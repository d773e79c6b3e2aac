import { z } from 'zod';
import type { Db } from '../../platform/db/db';
import { enqueue } from '../../platform/jobs/queue';

/* The queued mails of invitations; invitation-mail.ts sends them. */

export const INVITATION_MAIL = 'mail_invitation';

/** It waits in the database, so the secret of the link is created only when the mail is sent. */
export const invitationPayload = z.object({ invitationId: z.number() });

/** A day of attempts: an operator notices a mail server that is down for longer. */
const MAX_ATTEMPTS = 14;

/** Queues the mail of an invitation. */
export async function queueInvitation(tx: Db, invitationId: number): Promise<void> {
  await enqueue(tx, INVITATION_MAIL, { invitationId }, { maxAttempts: MAX_ATTEMPTS });
}
