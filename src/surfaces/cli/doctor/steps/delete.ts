import { endpointOf } from '../endpoints';
import { failed, type Exchange } from '../failure';
import type { EngineRun, Step } from '../engine-run';
import type { Agent } from '../generations';
import { headerOf, type Header } from '../../../../client/wire/answer';

/** No engine ever deleted anything on a server; people used curl. */
const CURL: Agent = { userAgent: 'curl/7.35.0', closes: false };
const SEES = 'what curl prints: this status and body';

/** The three requests of a deletion (protocol 2.11), which also clean up after the doctor. */
export const deleteRepository: Step = async (run) => {
  if (run.isKept) return { reason: 'the repository existed before, so it is kept' };
  const opened = await send(run, run.session.indexUrl, 'basic', [['X-Docker-Token', 'true']]);
  // A registry without an index has deleted everything now.
  if (opened.answer.status === 200) return undefined;
  if (opened.answer.status !== 202) throw failed(opened, '202 and a token to delete with', SEES);

  const token = headerOf(opened.answer, 'X-Docker-Token');
  const endpoint = endpointOf(run.session.index, headerOf(opened.answer, 'X-Docker-Endpoints'));
  if (token === '') throw failed(opened, 'the header X-Docker-Token', SEES);
  if (!endpoint) throw failed(opened, 'the header X-Docker-Endpoints with one host[:port]', SEES);

  const deleted = await send(run, endpoint.url, 'none', [['Authorization', `Token ${token.replace(/^Token /, '')}`]]);
  if (deleted.answer.status !== 200) throw failed(deleted, '200 from the registry', SEES);

  const closed = await send(run, run.session.indexUrl, 'basic', [['X-Docker-Endpoints', endpoint.url]]);
  if (closed.answer.status !== 200) throw failed(closed, '200 from the index', SEES);
  return undefined;
};

function send(
  { session, repository }: EngineRun,
  base: string,
  auth: 'basic' | 'none',
  headers: readonly Header[],
): Promise<Exchange> {
  const url = `${base}repositories/${repository}/`;
  return session.send({ method: 'DELETE', url, auth, agent: CURL, headers: [['Accept', '*/*'], ...headers] });
}
