import { randomBytes } from 'node:crypto';
import { NoAnswer } from './failure';
import type { Agent } from './generations';
import type { Credentials, EngineSession } from './session';

/** The account that the engines register, one after the other. */
export interface Newcomer {
  readonly credentials: Credentials;
  /** it was registered, and could not be deleted since */
  isRegistered: boolean;
}

/** No engine can delete an account. */
const CURL: Agent = { userAgent: 'curl/7.35.0', closes: false };

/** A user with a random name and password. */
export function freshUser(): Credentials {
  return { username: `doctor${randomBytes(6).toString('hex')}`, password: randomBytes(12).toString('hex') };
}

/** A new account for the engines to register. */
export function freshNewcomer(): Newcomer {
  return { credentials: freshUser(), isRegistered: false };
}

/** Deletes the account of a session through Drydock's API; false if the server cannot, or the account has repositories. */
export async function deleteAccount(session: EngineSession): Promise<boolean> {
  const { scheme, host } = session.index;
  const url = `${scheme}://${host}/api/v1.1/users/${session.credentials.username}/`;
  try {
    const { answer } = await session.send({ method: 'DELETE', url, auth: 'basic', agent: CURL });
    return answer.status === 204;
  } catch (error) {
    if (error instanceof NoAnswer) return false;
    throw error;
  }
}
