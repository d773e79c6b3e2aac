import type { Needs } from '../../context';
import { queuedJob, type Job } from '../../platform/jobs/queue';
import { findMailboxAddress } from '../accounts/emails';
import { findUser } from '../accounts/users';
import { INVITATION_MAIL, invitationPayload } from './invitation-queue';
import { findInvitation, createInvitationSecret, type Invitation } from './invitations';

type Mailing = Needs<'db' | 'mailer' | 'publicUrl'>;

/** The recipient: the invited address, or the mailbox of the invited user, if they are active. */
async function recipientOf(ctx: Mailing, { username, email }: Invitation): Promise<string | undefined> {
  if (username === undefined) return email;
  const user = await findUser(ctx, username);
  return user?.isActive === true ? findMailboxAddress(ctx, user.id) : undefined;
}

/** Sends nothing if the invitation was withdrawn or accepted in the meantime. */
async function mailInvitation(ctx: Mailing, invitationId: number): Promise<void> {
  const invitation = await findInvitation(ctx, invitationId);
  const to = invitation === undefined ? undefined : await recipientOf(ctx, invitation);
  const secret = to === undefined ? undefined : await createInvitationSecret(ctx, invitationId);
  if (invitation === undefined || to === undefined || secret === undefined) return;
  const { organization, team, username, invitedBy } = invitation;
  const { host } = ctx.publicUrl;
  await ctx.mailer.send({
    to,
    subject: `Join ${organization} on ${host}`,
    paragraphs: [
      `Hello${username === undefined ? '' : ` ${username}`},`,
      `${invitedBy} has invited you to join the team ${team} of ${organization} on ${host}. Open this link to join:`,
      { url: ctx.publicUrl.of(`/account/invitation/${secret}`) },
      'The link is valid for two weeks, and anyone who opens it can use it: do not share it. If you do not know what this is about, ' +
        'ignore this email.',
    ],
  });
}

/** The job that mails invitations. */
export function invitationMailJob(ctx: Mailing): Job {
  return queuedJob(INVITATION_MAIL, invitationPayload, ({ invitationId }) => mailInvitation(ctx, invitationId));
}
