import type { IncomingMessage } from 'node:http';
import { FLOW_SECONDS, type Purpose } from '../../../../features/openid/flow';
import { AppError } from '../../../../platform/errors';
import { cookie, readCookie } from '../../../../platform/http/cookies';
import { attempt, faultOf, type Fault } from '../../problems';
import type { Visitor } from '../../visitor';

/** The cookie of a browser that is at the provider. */
const NAME = 'drydock_oidc';

const isSecure = ({ origin }: Visitor): boolean => origin.startsWith('https:');

/** What the cookie has; undefined: this browser has begun nothing. */
export function readFlowCookie(req: IncomingMessage): string | undefined {
  return readCookie(req, NAME);
}

/** The `Set-Cookie` value of a browser that goes to the provider. */
export function flowCookie(visitor: Visitor, sealed: string): string {
  return cookie(NAME, sealed, { maxAgeSeconds: FLOW_SECONDS, isSecure: isSecure(visitor) });
}

/** The `Set-Cookie` value of a browser that is back. */
export function endedFlowCookie(visitor: Visitor): string {
  return cookie(NAME, '', { maxAgeSeconds: 0, isSecure: isSecure(visitor) });
}

const PURPOSES: Readonly<Record<string, Purpose>> = { link: 'link', confirm: 'confirm' };

/** Why a visitor goes to the provider, from `?for=`. */
export function purposeOf(given: string | null): Purpose {
  return PURPOSES[given ?? ''] ?? 'sign_in';
}

/**
 * Asks the provider.
 *
 * @returns the result, or the fault, also if the provider is down: the page to sign in goes on working with passwords
 * @throws errors that have nothing to do with the provider
 */
export async function asking<T>(
  work: () => Promise<T>,
): Promise<{ done: T; fault?: undefined } | { done?: undefined; fault: Fault }> {
  try {
    return await attempt(work);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'unavailable') throw error;
    return { fault: faultOf(error) };
  }
}
