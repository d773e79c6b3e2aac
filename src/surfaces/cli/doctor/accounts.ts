import type { Limits } from '../../../client/wire/wire';
import { parseUrl } from './doctor';
import { NoAnswer } from './failure';
import { GENERATIONS } from './generations';
import { deleteAccount, freshNewcomer, freshUser, type Newcomer } from './newcomer';
import { postUser } from './steps/login';
import { EngineSession, type Credentials } from './session';

/*
 * The accounts that the doctor creates. A Drydock lets an account delete itself; on other servers the doctor creates as
 * few as it can, and reports them.
 */

/** An account for the doctor, and what the engines can register. */
export interface DoctorAccount {
  readonly credentials: Credentials;
  readonly newcomer: Newcomer;
  /** whether the doctor has created the account */
  readonly isCreated: boolean;
  /** a message for the user of the doctor, if the server did not create an account */
  readonly problem: string | undefined;
}

function sessionsOf(url: string, credentials: Credentials, limits: Limits): EngineSession[] {
  const [generation] = GENERATIONS;
  if (!generation) throw new Error('there are no engines');
  const { schemes, host } = parseUrl(url);
  return schemes.map((scheme) => new EngineSession(generation, { scheme, host }, credentials, limits));
}

/**
 * Registers an account with a random name. A server that refuses the registration may still accept the account: docker's
 * own standalone registry takes any name, so the examination goes on in either case.
 */
export async function registerThrowAway(url: string, limits: Limits): Promise<DoctorAccount> {
  const credentials = freshUser();
  let problem = '';
  for (const session of sessionsOf(url, credentials, limits)) {
    try {
      const { answer } = await postUser(session);
      if (answer.status === 201) return await keepOrShare(session);
      problem = `it answered ${answer.status}`;
      break;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      problem = error.reason;
    }
  }
  return {
    credentials,
    newcomer: freshNewcomer(),
    isCreated: false,
    problem: `The doctor could not register a user (${problem}): use --user and --password.`,
  };
}

/**
 * If the server lets the account delete itself, the engines can register others. If not, they find this one, which is
 * then the only account that remains.
 */
async function keepOrShare(session: EngineSession): Promise<DoctorAccount> {
  const { credentials } = session;
  const created = { credentials, isCreated: true, problem: undefined };
  if (!(await deleteAccount(session))) return { ...created, newcomer: { credentials, isRegistered: true } };
  const { answer } = await postUser(session);
  if (answer.status === 201) return { ...created, newcomer: freshNewcomer() };
  const problem = `The doctor could not register a user (it answered ${answer.status}): use --user and --password.`;
  return { ...created, newcomer: freshNewcomer(), isCreated: false, problem };
}

/**
 * Deletes what the doctor has created.
 *
 * @returns the names of the accounts that remain
 */
export async function removeCreated(url: string, account: DoctorAccount, limits: Limits): Promise<string[]> {
  const { credentials, newcomer, isCreated } = account;
  const created = [...(isCreated ? [credentials] : []), ...(newcomer.isRegistered ? [newcomer.credentials] : [])];
  const remaining: string[] = [];
  for (const each of new Map(created.map((one) => [one.username, one])).values()) {
    const isGone = await anyOf(sessionsOf(url, each, limits), deleteAccount);
    if (!isGone) remaining.push(each.username);
  }
  return remaining;
}

async function anyOf<T>(values: readonly T[], test: (value: T) => Promise<boolean>): Promise<boolean> {
  for (const value of values) if (await test(value)) return true;
  return false;
}
