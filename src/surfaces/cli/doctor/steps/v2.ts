import { challengeOf } from '../../../../client/v2/challenge';
import { headerLines } from '../../../../client/wire/answer';
import { CLIENT_OF_TODAY, clientOfToday, withClient } from '../client-of-today';
import type { EngineRun, NotApplicable, Step } from '../engine-run';
import { failed, NoAnswer, type Exchange } from '../failure';
import { NEWEST } from '../generations';

const LOGIN = 'docker login, push and pull of today: unauthorized';

/** Looks for a v2 API that clients of today see and old engines do not (bridge 3 and 4). */
export const v2: Step = async (run) => {
  const found = await findV2(run);
  if (!found) return { reason: 'the server has no v2 API for clients of today' } satisfies NotApplicable;
  await assertHidden(run);
  const client = clientOfToday(run);
  const challenge = found.answer.status === 401 ? challengeOf(found.answer) : undefined;
  if (challenge) {
    await withClient(LOGIN, () => client.authorize(challenge));
    const exchange = await client.send({ method: 'GET', url: `${client.url}/v2/` });
    if (exchange.answer.status !== 200) throw failed(exchange, '200 with the token of the token service', LOGIN);
  }
  run.v2 = client;
  return undefined;
};

/** The answer to a client of today; undefined if it would not go on with v2. */
async function findV2(run: EngineRun): Promise<Exchange | undefined> {
  try {
    const exchange = await ask(run, CLIENT_OF_TODAY);
    const { status } = exchange.answer;
    return status === 200 || (status === 401 && challengeOf(exchange.answer)) ? exchange : undefined;
  } catch (error) {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  }
}

/** A v2 API that the newest engine of v1 sees would take engines off v1 (bridge 3). */
async function assertHidden(run: EngineRun): Promise<void> {
  const exchange = await ask(run, NEWEST.agent.userAgent);
  if (headerLines(exchange.answer, 'Docker-Distribution-Api-Version').length > 0) {
    const needed =
      'no Docker-Distribution-Api-Version: let the server or its proxy remove it, no client of today needs it';
    throw failed(exchange, needed, 'docker 1.5 to 1.9: login and push fail; 1.10 to 17.05: no way back to v1');
  }
  if (exchange.answer.status === 404) return;
  const needed = `404 for docker ${NEWEST.version}: let the proxy pass User-Agent on, and the server keep old engines off /v2/`;
  throw failed(exchange, needed, 'docker 1.10 to 17.05: no error, but push and pull go over v2');
}

function ask({ session }: EngineRun, userAgent: string): Promise<Exchange> {
  const { scheme, host } = session.index;
  const url = `${scheme}://${host}/v2/`;
  return session.send({ method: 'GET', url, auth: 'none', agent: { userAgent, closes: true } });
}
