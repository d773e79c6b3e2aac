import { createHmac, timingSafeEqual } from 'node:crypto';
import { isOver } from '../../platform/clocks';
import type { Identity } from '../access/actor';
import type { SessionStart } from './sessions';

/*
 * What a browser brings back with the code of the second factor: whose first factor was right, and how the session
 * begins. It is signed, so that the browser cannot change it.
 */

/** The first step of a login. */
export interface FirstStep {
  readonly identity: Identity;
  readonly start: SessionStart;
}

const TICKET_SECONDS = 300;
const TICKET = /^((\d{1,15})\.(\d{1,10})\.(\d{1,12})\.([\w-]{2,500}))\.([0-9a-f]{64})$/;

function signature(tokenKey: Buffer, claims: string): string {
  return createHmac('sha256', tokenKey).update(`login ticket ${claims}`).digest('hex');
}

/** A ticket that is good for five minutes, and as long as the clocks of hosts may differ. */
export function issueTicket(tokenKey: Buffer, { identity, start }: FirstStep): string {
  const { userId, credentialsEpoch } = identity;
  const expires = Math.floor(Date.now() / 1000) + TICKET_SECONDS;
  const claims = [userId, credentialsEpoch, expires, Buffer.from(JSON.stringify(start)).toString('base64url')].join(
    '.',
  );
  return `${claims}.${signature(tokenKey, claims)}`;
}

/** The step that the ticket stands for; undefined when we did not sign it, or it is too old. */
export function readTicket(tokenKey: Buffer, ticket: string): FirstStep | undefined {
  const [, claims = '', userId, epoch, expires, start = '', mac = ''] = TICKET.exec(ticket) ?? [];
  if (mac === '' || isOver(Number(expires))) return undefined;
  if (!timingSafeEqual(Buffer.from(mac), Buffer.from(signature(tokenKey, claims)))) return undefined;
  return {
    identity: { userId: Number(userId), credentialsEpoch: Number(epoch) },
    start: JSON.parse(Buffer.from(start, 'base64url').toString()) as SessionStart,
  };
}
