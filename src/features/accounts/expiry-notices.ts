import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { minuteInUtc } from '../../platform/utc';
import { listActiveOwners } from './endings.store';
import * as store from './expiry-notices.store';
import { queueNotice, type Notice } from './mail-queue';

/*
 * The mails before an access token expires: hosts that nobody looks at pull with it. The owners of an organization get
 * those about its robots. A token is marked in the transaction that queues its mails, so that each is sent once.
 */

/** How many days before the expiry. A token that does not live longer than that gets no such mail. */
const STAGES = [7, 1] as const;

const TOKENS = 200;

/** @returns the number of tokens whose owners get a mail */
export async function tellExpiringTokens(ctx: Needs<'db'>, stopping: AbortSignal): Promise<number> {
  let told = 0;
  while (!stopping.aborted) {
    const count = await inTransaction(ctx.db, async (tx) => {
      const tokens = await store.takeExpiring(tx, STAGES, TOKENS);
      for (const token of tokens) {
        for (const userId of await recipientsOf(tx, token)) await queueNotice(tx, userId, noticeOf(token));
      }
      return tokens.length;
    });
    told += count;
    if (count < TOKENS) break;
  }
  return told;
}

/** The account, or the active owners of the robot's organization. */
async function recipientsOf(
  tx: Db,
  { user_id: userId, robot_of: organization }: store.ExpiringTokenRow,
): Promise<number[]> {
  return organization === null ? [userId] : listActiveOwners(tx, organization);
}

function noticeOf({ name, username, robot_of: organization, ...token }: store.ExpiringTokenRow): Notice {
  const isRobot = organization !== null;
  const used =
    token.last_used_at === null ? 'It was never used.' : `It was last used at ${minuteInUtc(token.last_used_at)}.`;
  const whose = isRobot ? `of the robot ${username}` : 'of your account';
  return {
    subject: `The access token ${name} expires on ${token.expires_at.toISOString().slice(0, 10)}`,
    paragraphs: [
      `The access token “${name}” ${whose} expires at ${minuteInUtc(token.expires_at)}. Logins with it are refused from then on.`,
      used,
      'If a host or a script still needs it, create a new one here, and replace it there:',
      { path: isRobot ? `/organizations/${organization}/robots/${username.split('+')[1] ?? ''}/` : '/account/tokens/' },
    ],
  };
}
