import type { Db } from '../../platform/db/db';
import { queueNotice } from './mail-queue';

/**
 * Queues the mail that tells an account of its new password.
 *
 * @param tx - of the change
 */
export async function queuePasswordChanged(tx: Db, userId: number): Promise<void> {
  await queueNotice(tx, userId, {
    subject: 'Your password was changed',
    paragraphs: [
      'the password of your account was changed. Whatever the old one had opened is closed.',
      'If this was not you, set another one at once, here:',
      { path: '/account/reset' },
    ],
  });
}
