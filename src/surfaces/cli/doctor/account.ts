import { NoAnswer } from './failure';
import { GENERATIONS } from './generations';
import { freshUser, postUser } from './steps/login';
import { EngineSession, type Credentials } from './session';
import { parseUrl } from './doctor';
import type { Limits } from '../../../client/wire/wire';

/** A user for the doctor, and the problem if the server created none. */
export interface ThrowAwayUser {
  readonly credentials: Credentials;
  /** a message for the user of the doctor, if the server did not create an account */
  readonly problem: string | undefined;
}

/**
 * Registers a user with a random name. A server that refuses the registration may still accept the user: docker's own
 * standalone registry takes any name, so the examination goes on in either case.
 */
export async function registerThrowAway(url: string, limits: Limits): Promise<ThrowAwayUser> {
  const credentials = freshUser();
  const [generation] = GENERATIONS;
  if (!generation) throw new Error('there are no engines');
  const { schemes, host } = parseUrl(url);
  let problem = '';
  for (const scheme of schemes) {
    try {
      const { answer } = await postUser(new EngineSession(generation, { scheme, host }, credentials, limits));
      if (answer.status === 201) return { credentials, problem: undefined };
      problem = `it answered ${answer.status}`;
      break;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      problem = error.reason;
    }
  }
  return { credentials, problem: `The doctor could not register a user (${problem}): use --user and --password.` };
}
