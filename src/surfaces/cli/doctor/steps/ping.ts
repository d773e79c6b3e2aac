import { failed, NoAnswer, StepFailure, type Exchange } from '../failure';
import type { Step } from '../engine-run';
import type { Generation } from '../generations';
import { headerLines, headerOf } from '../../../../client/wire/answer';
import type { Place } from '../../../../client/wire/wire';
import type { EngineSession } from '../session';

type Occasion = 'ping' | 'login' | 'push' | 'pull' | 'search';

/** Looks for the server with the schemes that the engine would try (protocol 10.1). */
export const ping: Step = async (run) => {
  const last = run.schemes.at(-1);
  for (const scheme of run.schemes) {
    run.session.index = { ...run.session.index, scheme };
    try {
      await greet(run.session, 'ping');
      return undefined;
    } catch (error) {
      if (scheme === last || !(error instanceof StepFailure || error instanceof NoAnswer)) throw error;
    }
  }
  return undefined;
};

/** Begins a command with the requests that the engine sends first, as recorded. */
export async function greet(session: EngineSession, occasion: Occasion): Promise<void> {
  session.startCommand();
  for (const version of greeting(session.generation, session.index, occasion)) {
    await (version === 'v2' ? askV2(session) : askV1(session));
  }
}

function greeting({ v2 }: Generation, { scheme }: Place, occasion: Occasion): readonly ('v1' | 'v2')[] {
  if (v2 === 'never') return ['v1'];
  if (v2 === 'ping' || occasion === 'ping') return ['v2', 'v1'];
  if (occasion === 'search') return ['v1'];
  if (occasion === 'login') return ['v2', 'v2'];
  return scheme === 'https' ? ['v2', 'v1'] : ['v2'];
}

/** `GET /v2/`: if the answer has this header, the engine uses v2, and at least its login and push do not fall back. */
async function askV2(session: EngineSession): Promise<void> {
  const { scheme, host } = session.index;
  const agent = session.generation.pingAgent;
  const exchange = await session.send({ method: 'GET', url: `${scheme}://${host}/v2/`, auth: 'none', agent });
  const versions = headerLines(exchange.answer, 'Docker-Distribution-Api-Version').flatMap((line) => line.split(' '));
  if (!versions.includes('registry/2.0')) return;
  const needed =
    'no Docker-Distribution-Api-Version header: with it, login and push go over v2, with no way back to v1';
  throw failed(exchange, needed, "whatever the server's v2 API makes of login, push and pull");
}

/** `GET /v1/_ping` (protocol 2.1). Its status does not matter. */
async function askV1(session: EngineSession): Promise<void> {
  const { generation } = session;
  const url = `${session.indexUrl}_ping`;
  const exchange = await session.send({ method: 'GET', url, auth: 'none', agent: generation.pingAgent });
  const version = headerOf(exchange.answer, 'X-Docker-Registry-Version');
  if (version === '' && generation.needsVersionHeader) {
    const reason =
      'This does not look like a Registry server ("X-Docker-Registry-Version" header not found in the response)';
    throw failed(
      exchange,
      'the header X-Docker-Registry-Version, with any value',
      `Invalid Registry endpoint: ${reason}`,
    );
  }
  if (version === '' && exchange.answer.status >= 300) await assertSomeV1(session, exchange);
  session.basicEverywhere = session.index.scheme === 'https' && isStandalone(generation, exchange);
}

/**
 * Fails if there is no v1: the engine itself would go on, but without the path of the login there is nothing to go on
 * with.
 */
async function assertSomeV1(session: EngineSession, pinged: Exchange): Promise<void> {
  const { answer } = await session.send({ method: 'GET', url: `${session.indexUrl}users/`, auth: 'none' });
  if (answer.status !== 404) return;
  const sees = `Unexpected status code [404] : ${answer.body.toString('utf8', 0, 100).trim()}`;
  throw failed(pinged, 'the v1 API: neither _ping nor users/ is there', `on login: ${sees}`);
}

function isStandalone({ standaloneSign }: Generation, { answer }: Exchange): boolean {
  if (standaloneSign === 'none') return false;
  const header = headerOf(answer, 'X-Docker-Registry-Standalone').toLowerCase();
  if (header !== '') return header === 'true' || header === '1';
  return standaloneSign === 'header' || bodyFlag(answer.body) !== false;
}

function bodyFlag(body: Buffer): unknown {
  try {
    const info: unknown = JSON.parse(body.toString());
    return typeof info === 'object' && info !== null ? (info as { standalone?: unknown }).standalone : undefined;
  } catch {
    return undefined;
  }
}
