import type { Db } from '../../platform/db/db';
import { minuteInUtc } from '../../platform/utc';
import type { Doer } from '../audit/audit';
import { listNoticeAddresses } from './emails.store';
import { queueSecurityNotice } from './mail-queue';

/*
 * The mails to an account about changes by which it can be taken over. They go to every confirmed address, so that an
 * attacker who controls one of them cannot keep the others from learning about it, and to addresses that were just
 * removed. This file has the texts; mail-jobs.ts sends them.
 */

interface NoticeText {
  readonly subject: string;
  /** a sentence; `$` stands for the detail, such as the name of a token */
  readonly sentence: string;
  /** what to do if it was another person */
  readonly remedy: string;
  readonly path: string;
}

const RESET = {
  remedy: 'If this was not you, set a new password immediately, then review your account settings:',
  path: '/account/reset',
} as const;

export const NOTICES = {
  password_changed: {
    subject: 'Your password was changed',
    sentence: 'The password of your account was changed. All sessions and tokens were revoked.',
    remedy: 'If this was not you, set a new one immediately:',
    path: '/account/reset',
  },
  renamed: {
    subject: 'Your account was renamed',
    sentence:
      'Your account is now called $. Your repositories have moved with it. Pulls and logins by the old name still work; ' +
      'pushes need the new one.',
    remedy: 'If this was not you, set a new password immediately, then rename your account back:',
    path: '/account/reset',
  },
  organization_renamed: {
    subject: 'An organization that you own was renamed',
    sentence:
      '$. Its repositories and robots have moved with it. Pulls and logins by the old name still work; pushes need the ' +
      'new one.',
    remedy: 'If this was not you, ask the other owners. You can rename the organization back in its settings:',
    path: '/organizations/',
  },
  email_added: {
    ...RESET,
    subject: 'An email address was added to your account',
    sentence: 'The address $ was added to your account. It must be confirmed before it can be the primary one.',
  },
  email_confirmed: {
    ...RESET,
    subject: 'An email address of your account was confirmed',
    sentence: 'The address $ of your account was confirmed.',
  },
  email_removed: {
    ...RESET,
    subject: 'An email address was removed from your account',
    sentence: 'The address $ was removed from your account.',
  },
  primary_changed: {
    subject: 'The primary address of your account was changed',
    sentence: 'The primary address of your account is now $. For 24 hours, the password cannot be reset by email.',
    remedy:
      'If this was not you, sign in immediately, make your own address the primary one and change your password. If you ' +
      'cannot sign in, tell the people who run this server.',
    path: '/account/emails/',
  },
  second_factor_on: {
    ...RESET,
    subject: 'The second factor of your account was turned on',
    sentence: 'The second factor of your account was turned on. All other sessions have ended.',
  },
  second_factor_off: {
    ...RESET,
    subject: 'The second factor of your account was turned off',
    sentence: 'The second factor of your account was turned off: the password alone is now enough to log in.',
  },
  recovery_codes_renewed: {
    ...RESET,
    subject: 'Your recovery codes were replaced',
    sentence: 'Your account has new recovery codes. The old ones no longer work.',
  },
  sign_in_linked: {
    subject: 'Your account was linked to a sign-in',
    sentence: 'Your account can now be used by signing in with “$”.',
    remedy: 'If this was not you, unlink it and change your password:',
    path: '/account/password/',
  },
  sign_in_unlinked: {
    ...RESET,
    subject: 'A linked sign-in was removed from your account',
    sentence: 'Your account can no longer be used by signing in with “$”.',
  },
  token_created: {
    subject: 'An access token was created for your account',
    sentence:
      'The access token “$” was created for your account. Within its limits, it can be used instead of your password.',
    remedy: 'If this was not you, revoke it and change your password. Your tokens are here:',
    path: '/account/tokens/',
  },
  token_revoked: {
    subject: 'An access token of your account was revoked',
    sentence: 'The access token “$” of your account was revoked.',
    remedy: 'If this was not you, change your password. Your tokens are here:',
    path: '/account/tokens/',
  },
  program_allowed: {
    subject: 'An application was authorized to act for your account',
    sentence: 'You authorized the application “$” to act for your account.',
    remedy: 'If this was not you, revoke its access and change your password. Your applications are here:',
    path: '/account/applications/',
  },
  codes_guessed: {
    subject: 'Someone is guessing your second factor codes',
    sentence:
      'Someone entered the correct password of your account and then too many wrong codes. Codes are now refused for a ' +
      'while, and longer with each further wrong code.',
    remedy: 'If this was not you, someone knows your password. Set a new one immediately:',
    path: '/account/reset',
  },
} as const satisfies Readonly<Record<string, NoticeText>>;

export type NoticeKind = keyof typeof NOTICES;

/**
 * Queues the mails that tell an account of a change.
 *
 * @param tx - the transaction of the change; call this after the change, because the mails go to the addresses that the
 *   account has then
 * @param doer - who made the change, and from where
 * @param more.detail - what `$` in the sentence stands for
 * @param more.also - further addresses: one that was just removed, or is no longer the primary one
 */
export async function tellAccount(
  tx: Db,
  userId: number,
  kind: NoticeKind,
  doer: Doer,
  more: { readonly detail?: string; readonly also?: readonly string[] } = {},
): Promise<void> {
  const { username, addresses } = await listNoticeAddresses(tx, userId);
  const by = doer.userId === userId ? undefined : doer.name;
  const at = new Date().toISOString();
  const recipients = new Map([...addresses, ...(more.also ?? [])].map((address) => [address.toLowerCase(), address]));
  for (const to of recipients.values()) {
    await queueSecurityNotice(tx, { to, username, kind, detail: more.detail ?? '', at, from: doer.address, by });
  }
}

/** The notice as a mail, without its greeting; a path becomes a link later. */
export function noticeText(notice: {
  readonly kind: NoticeKind;
  readonly detail: string;
  readonly at: string;
  readonly from: string;
  readonly by?: string | undefined;
}): { subject: string; paragraphs: (string | { path: string })[] } {
  const { subject, sentence, remedy, path }: NoticeText = NOTICES[notice.kind];
  const by = notice.by === undefined ? '' : `By: ${notice.by}. `;
  const facts = `${by}When: ${minuteInUtc(new Date(notice.at))}. From: ${notice.from}.`;
  return { subject, paragraphs: [sentence.replace('$', () => notice.detail), facts, remedy, { path }] };
}
