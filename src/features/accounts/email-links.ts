import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { hashSecret, isSecret, newSecret } from '../../platform/secrets';
import * as store from './email-links.store';
import type { LinkPurpose, LinkRow } from './email-links.store';
import { lockUser } from './emails.store';

/*
 * Secrets in mailed links. A user who has such a secret has read the mail, so the address is theirs.
 *
 *   - A secret is 256 random bits. It exists only in the mail: the database has its sha256. It is created when the mail
 *     is sent, not when the mail is queued, because the queue is in the database.
 *   - It is good once, and not for long. A secret that sets a password ends with any change of the password.
 */

const LIFE_SECONDS: Record<LinkPurpose, number> = { confirm: 3 * 24 * 3600, reset: 3600 };

/** Creates a secret that is good for one address. */
export async function createLinkSecret(ctx: Needs<'db'>, purpose: LinkPurpose, emailId: number): Promise<string> {
  const secret = newSecret();
  await store.insertLink(ctx.db, { hash: hashSecret(secret), purpose, emailId, lifeSeconds: LIFE_SECONDS[purpose] });
  return secret;
}

/**
 * The address and the account that a secret belongs to; changes nothing.
 *
 * @throws AppError `not_found` when there is no such secret, or it has expired or was used
 */
export async function checkLinkSecret(ctx: Needs<'db'>, purpose: LinkPurpose, secret: string): Promise<LinkRow> {
  const link = isSecret(secret) ? await store.findGoodLink(ctx.db, hashSecret(secret), purpose) : undefined;
  if (link === undefined) throw useless();
  return link;
}

/**
 * Uses up a secret.
 *
 * @param tx - the transaction of the change that the secret allows; the account stays locked in it
 * @throws AppError `not_found` when there is no such secret, or it has expired or was used
 */
export async function takeLinkSecret(tx: Db, purpose: LinkPurpose, secret: string): Promise<LinkRow> {
  const { user_id: userId } = await checkLinkSecret({ db: tx }, purpose, secret);
  await lockUser(tx, userId);
  const link = await store.takeLink(tx, hashSecret(secret), purpose);
  if (link === undefined) throw useless();
  return link;
}

function useless(): AppError {
  return new AppError('not_found', 'This link has expired or has already been used');
}

/**
 * Forgets the links that have expired.
 *
 * @returns how many there were
 */
export async function forgetExpiredLinks(ctx: Needs<'db'>): Promise<number> {
  return store.deleteExpiredLinks(ctx.db);
}
