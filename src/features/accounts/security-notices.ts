import type { Db } from '../../platform/db/db';
import type { Doer } from '../audit/audit';
import { listNoticeAddresses } from './emails.store';
import { queueSecurityNotice } from './mail-queue';

/*
 * What is mailed to an account when something changes by which it can be taken over. It goes to every confirmed address,
 * so that whoever has gained one of them cannot keep the others from hearing of it, and to addresses that were just
 * removed. mail-jobs.ts sends it: here is what it says.
 */

interface NoticeText {
  readonly subject: string;
  /** a sentence; `$` stands for the detail, such as the name of a token */
  readonly sentence: string;
  /** what to do if it was somebody else */
  readonly remedy: string;
  readonly path: string;
}

const RESET = {
  remedy: 'If this was not you, set another password at once, and then look through the settings of your account:',
  path: '/account/reset',
} as const;

export const NOTICES = {
  password_changed: {
    subject: 'Your password was changed',
    sentence: 'The password of your account was changed. Everything that the old one had opened is closed.',
    remedy: 'If this was not you, set another one at once, here:',
    path: '/account/reset',
  },
  email_added: {
    ...RESET,
    subject: 'An address was added to your account',
    sentence: 'The address $ was added to your account. It must be confirmed before it can be the primary one.',
  },
  email_confirmed: {
    ...RESET,
    subject: 'An address of your account was confirmed',
    sentence: 'The address $ of your account was confirmed.',
  },
  email_removed: {
    ...RESET,
    subject: 'An address was removed from your account',
    sentence: 'The address $ was removed from your account.',
  },
  primary_changed: {
    subject: 'The primary address of your account was changed',
    sentence: 'The primary address of your account is $ now. For 24 hours no password can be set by a mailed link.',
    remedy:
      'If this was not you, sign in at once, make your own address the primary one and change your password. If you ' +
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
    sentence: 'The second factor of your account was turned off: the password alone is enough now.',
  },
  recovery_codes_renewed: {
    ...RESET,
    subject: 'Your recovery codes were replaced',
    sentence: 'Your account has new recovery codes. The old ones are not valid any more.',
  },
  token_created: {
    subject: 'An access token was created for your account',
    sentence: 'The access token “$” was created for your account. It is as good as a password, within its limits.',
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
    subject: 'A program may act for your account',
    sentence: 'You let the program “$” act for your account.',
    remedy: 'If this was not you, revoke that and change your password. Your programs are here:',
    path: '/account/applications/',
  },
  codes_guessed: {
    subject: 'Somebody is guessing the codes of your second factor',
    sentence:
      'Somebody gave the right password of your account and then too many wrong codes. Codes are refused for a while ' +
      'now, longer with every further wrong one.',
    remedy: 'If this was not you, somebody knows your password. Set another one at once, here:',
    path: '/account/reset',
  },
} as const satisfies Readonly<Record<string, NoticeText>>;

export type NoticeKind = keyof typeof NOTICES;

/**
 * Queues the mails that tell an account of a change.
 *
 * @param tx - of the change; after it is made, for the addresses are those that the account has then
 * @param doer - who made it, and from where
 * @param more.detail - of what the sentence speaks
 * @param more.also - further addresses: one that was just removed, or is the primary one no more
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

/** The notice as a mail, without its greeting; a path is to become a link. */
export function noticeText(notice: {
  readonly kind: NoticeKind;
  readonly detail: string;
  readonly at: string;
  readonly from: string;
  readonly by?: string | undefined;
}): { subject: string; paragraphs: (string | { path: string })[] } {
  const { subject, sentence, remedy, path }: NoticeText = NOTICES[notice.kind];
  const by = notice.by === undefined ? '' : `By: ${notice.by}. `;
  const when = `${notice.at.slice(0, 16).replace('T', ' ')} UTC`;
  const facts = `${by}When: ${when}. From: ${notice.from}.`;
  return { subject, paragraphs: [sentence.replace('$', () => notice.detail), facts, remedy, { path }] };
}
