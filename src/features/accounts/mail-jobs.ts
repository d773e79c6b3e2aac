import type { Needs } from '../../context';
import { queuedJob, type Job } from '../../platform/jobs/queue';
import { createLinkSecret } from './email-links';
import type { LinkPurpose } from './email-links.store';
import { findEmail, findMailbox, findNamedEmail, findResetMailbox, type EmailRow } from './emails.store';
import { countMailedLink } from './mail-limits';
import { confirmation, MAIL_JOBS, notice, request, securityNotice } from './mail-queue';
import { NOTICES, noticeText, type NoticeKind } from './security-notices';

type Mailing = Needs<'db' | 'log' | 'mailer' | 'mailLimiters' | 'publicUrl'>;

/** @returns undefined when the account was already sent too many */
async function createLink(ctx: Mailing, purpose: LinkPurpose, email: EmailRow): Promise<string | undefined> {
  if (!(await countMailedLink(ctx.mailLimiters, email.user_id))) {
    ctx.log.warn({ username: email.username, purpose }, 'link not mailed: too many were sent to this account');
    return undefined;
  }
  return ctx.publicUrl.of(`/account/${purpose}/${await createLinkSecret(ctx, purpose, email.id)}`);
}

/** Sends nothing if the address was confirmed in the meantime, or no account has it now. */
async function mailConfirmation(ctx: Mailing, email: EmailRow | undefined): Promise<void> {
  if (email === undefined || email.is_verified || !(email.is_active || email.awaits_confirmation)) return;
  const url = await createLink(ctx, 'confirm', email);
  if (url === undefined) return;
  const { host } = ctx.publicUrl;
  await ctx.mailer.send({
    to: email.email,
    subject: `Confirm your email address for ${host}`,
    paragraphs: [
      `Hello ${email.username},`,
      email.awaits_confirmation
        ? `You now have an account on ${host}. Open this link to confirm your address and activate the account:`
        : `This address was added to your account on ${host}. Open this link to confirm it:`,
      { url },
      'The link is valid for three days. If you did not expect this, someone probably mistyped their address: just ignore this email.',
    ],
  });
}

async function mailNotYet(ctx: Mailing, email: EmailRow): Promise<void> {
  await ctx.mailer.send({
    to: email.email,
    subject: `Your password reset request for ${ctx.publicUrl.host}`,
    paragraphs: [
      `Hello ${email.username},`,
      'Someone asked to reset the password of your account. This address became its primary one less than 24 hours ago, ' +
        'so we cannot send a reset link to it yet. Try again tomorrow, or ask the people who run this server.',
    ],
  });
}

/** Sends the link to the primary address, not to the one that was typed: anyone can add that one to an account. */
async function mailPasswordReset(ctx: Mailing, nameOrAddress: string): Promise<void> {
  const named = await findNamedEmail(ctx.db, nameOrAddress);
  const email = named === undefined ? undefined : await findResetMailbox(ctx.db, named.user_id);
  // A new password does not let in a user whom an administrator has locked out.
  if (email === undefined || !(email.is_active || email.awaits_confirmation)) return;
  if (email.is_too_new) return mailNotYet(ctx, email);
  const url = await createLink(ctx, 'reset', email);
  if (url === undefined) return;
  const { host } = ctx.publicUrl;
  await ctx.mailer.send({
    to: email.email,
    subject: `Reset your password for ${host}`,
    paragraphs: [
      `Hello ${email.username},`,
      `Someone, hopefully you, asked to reset the password of your account on ${host}. Open this link to set a new one:`,
      { url },
      'The link is valid for one hour. If this was not you, ignore this email: your password stays the same.',
    ],
  });
}

function isNoticeKind(kind: string): kind is NoticeKind {
  return Object.hasOwn(NOTICES, kind);
}

type Paragraphs = readonly (string | { readonly path: string })[];

function withLinks(ctx: Mailing, paragraphs: Paragraphs): (string | { url: string })[] {
  return paragraphs.map((part) => (typeof part === 'string' ? part : { url: ctx.publicUrl.of(part.path) }));
}

/** The jobs that send mails to accounts. */
export function accountMailJobs(ctx: Mailing): Job[] {
  return [
    queuedJob(MAIL_JOBS.confirmation, confirmation, async ({ emailId }) =>
      mailConfirmation(ctx, await findEmail(ctx.db, emailId)),
    ),
    queuedJob(MAIL_JOBS.confirmationAgain, request, async ({ nameOrAddress }) =>
      mailConfirmation(ctx, await findNamedEmail(ctx.db, nameOrAddress)),
    ),
    queuedJob(MAIL_JOBS.reset, request, ({ nameOrAddress }) => mailPasswordReset(ctx, nameOrAddress)),
    queuedJob(MAIL_JOBS.notice, notice, async ({ userId, subject, paragraphs }) => {
      const mailbox = await findMailbox(ctx.db, userId);
      if (mailbox === undefined) return;
      const parts = withLinks(ctx, paragraphs);
      await ctx.mailer.send({ to: mailbox.email, subject, paragraphs: [`Hello ${mailbox.username},`, ...parts] });
    }),
    queuedJob(MAIL_JOBS.security, securityNotice, async ({ kind, ...facts }) => {
      // A newer server on the same database may queue a notice that this one does not know. The newer one will send it.
      if (!isNoticeKind(kind)) throw new Error(`unknown notice: ${kind}`);
      const { subject, paragraphs } = noticeText({ kind, ...facts });
      const greeting = `Hello ${facts.username},`;
      await ctx.mailer.send({ to: facts.to, subject, paragraphs: [greeting, ...withLinks(ctx, paragraphs)] });
    }),
  ];
}
