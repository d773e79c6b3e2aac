import { failed, type Exchange } from '../failure';
import type { NotApplicable, Step } from '../engine-run';
import { deleteAccount } from '../newcomer';
import type { EngineSession } from '../session';
import { bodyText } from '../readable-exchange';
import { greet } from './ping';

/** The 34 bytes after which an engine goes on to log in (protocol 2.2). */
const ALREADY_EXISTS = '"Username or email already exists"';

/** `docker login` of an existing user: up to 1.10 this begins as a registration. */
export const login: Step = async ({ session }) => {
  await greet(session, 'login');
  const { registerAgent, logsInAfter401 } = session.generation;
  if (registerAgent) {
    const exchange = await postUser(session);
    const { status } = exchange.answer;
    if (status === 201) return undefined;
    if (!isTaken(exchange) && !(status === 401 && logsInAfter401)) throw registrationFailure(session, exchange);
  }
  const exchange = await getUsers(session);
  if (exchange.answer.status !== 200) throw loginFailure(session, exchange);
  return undefined;
};

/**
 * `docker login` of a new user: it creates an account, or gets a refusal that the engine understands. If the account of
 * another engine could not be deleted, it is found.
 */
export const register: Step = async ({ session, newcomer }) => {
  const { registerAgent, logsInAfter401 } = session.generation;
  if (!registerAgent) return { reason: 'this engine cannot register' } satisfies NotApplicable;
  const stranger = session.as(newcomer.credentials);
  await greet(stranger, 'login');
  const exchange = await postUser(stranger);
  const { status } = exchange.answer;
  if (status === 201) {
    newcomer.isRegistered = !(await deleteAccount(stranger));
    return undefined;
  }
  if (newcomer.isRegistered && isTaken(exchange)) return undefined;
  if (status !== 401 || !logsInAfter401) throw registrationFailure(stranger, exchange);
  const checked = await getUsers(stranger);
  if (checked.answer.status !== 401) throw loginFailure(stranger, checked);
  return undefined;
};

/** `POST /v1/users/`, as the engine sends it. */
export async function postUser(session: EngineSession): Promise<Exchange> {
  const { username, password } = session.credentials;
  const body = JSON.stringify({ username, password, auth: '', email: `${username}@example.com` });
  return session.send({
    method: 'POST',
    url: `${session.indexUrl}users/`,
    auth: 'none',
    agent: session.generation.registerAgent ?? session.generation.agent,
    headers: [['Content-Type', 'application/json; charset=utf-8']],
    body: Buffer.from(body),
  });
}

function getUsers(session: EngineSession): Promise<Exchange> {
  return session.send({ method: 'GET', url: `${session.indexUrl}users/`, auth: 'basic' });
}

function isTaken({ answer }: Exchange): boolean {
  return answer.status === 400 && answer.body.toString() === ALREADY_EXISTS;
}

function registrationFailure({ generation }: EngineSession, exchange: Exchange) {
  const { answer } = exchange;
  const afterRefusal = generation.logsInAfter401 ? ', or 401' : '';
  const needed = `201, or 400 with exactly the 34 bytes ${ALREADY_EXISTS}${afterRefusal}`;
  const body = bodyText(generation, answer);
  const sees = answer.status === 400 ? `Registration: ${body}` : `Unexpected status code [${answer.status}] : ${body}`;
  return failed(exchange, needed, sees);
}

function loginFailure({ generation }: EngineSession, exchange: Exchange) {
  const { status } = exchange.answer;
  const texts: Readonly<Record<number, string>> = {
    401: 'Wrong login/password, please try again',
    403: 'Login: Account is not Active. Please see the documentation of the registry for instructions how to activate it.',
  };
  const otherwise = `Login: ${bodyText(generation, exchange.answer)} (Code: ${status}; Headers: …)`;
  const isFinal = status === 401 || status === 403;
  return failed(exchange, '200, with these credentials', texts[status] ?? otherwise, isFinal);
}
