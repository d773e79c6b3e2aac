import { UnexpectedAnswer, V2Session, wireTransport } from '../../../client/v2/session';
import { reasonOf } from '../../../client/wire/wire';
import type { EngineRun, NotApplicable } from './engine-run';
import { failed, NoAnswer } from './failure';
import { basic } from './session';

/** The User-Agent of a docker that speaks only v2. */
export const CLIENT_OF_TODAY =
  'docker/28.5.2 go/go1.24.9 git-commit/89c5e8f kernel/6.1.0 os/linux arch/amd64 UpstreamClient(Docker-Client/28.5.2 \\(linux\\))';

/** A client of v2 at the same server, with the account of the engine and a token for its repository. */
export function clientOfToday({ session, repository }: EngineRun): V2Session {
  const { scheme, host } = session.index;
  const send = wireTransport(session.limits);
  const options = {
    userAgent: CLIENT_OF_TODAY,
    basic: basic(session.credentials),
    scope: `repository:${repository}:pull,push`,
  };
  return new V2Session(`${scheme}://${host}`, options, (request) =>
    send(request).catch((error: unknown) => {
      throw new NoAnswer(request, reasonOf(error));
    }),
  );
}

/** The client that an earlier step created. */
export function v2Of({ v2 }: EngineRun): V2Session {
  if (!v2) throw new Error('an earlier step found no v2 API');
  return v2;
}

/** Why nothing crosses, if the index names only other hosts as registries: v2 has no index. */
export function whyApart({ endpoints, session }: EngineRun): NotApplicable | undefined {
  if (endpoints.some(({ place }) => place.host === session.index.host)) return undefined;
  return { reason: 'the index has its images on other hosts, which v2 cannot name' };
}

/** Does work of the client; an answer that it cannot use ends the step, and the user sees this. */
export async function withClient<T>(sees: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnexpectedAnswer) throw failed(error.exchange, error.needed, sees);
    throw error;
  }
}
