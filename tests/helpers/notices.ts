import { NOTICES } from '../../src/features/accounts/security-notices';
import type { ReceivedMail } from './smtp-server';

const SUBJECTS = new Set<string>(Object.values(NOTICES).map(({ subject }) => subject));

/** Whether a mail notifies an account of a change. */
export function isNotice({ parsed }: ReceivedMail): boolean {
  return SUBJECTS.has(parsed.subject ?? '');
}

/** The mails that do not notify an account of a change, such as links. */
export function withoutNotices(mails: readonly ReceivedMail[]): ReceivedMail[] {
  return mails.filter((mail) => !isNotice(mail));
}

/** The recipients and subjects of the notices. */
export function noticesIn(mails: readonly ReceivedMail[]): string[] {
  return mails
    .filter(isNotice)
    .map(({ recipients, parsed }) => `${recipients.join()}: ${parsed.subject ?? ''}`)
    .sort();
}
