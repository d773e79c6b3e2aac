import { takeEndpoints, type Endpoint } from '../endpoints';
import { failed, StepFailure } from '../failure';
import { pulledName, type EngineRun, type Step } from '../engine-run';
import { parseTagId, parseTags, isImageList } from '../parsed';
import { shownBy } from '../readable-exchange';
import { greet } from './ping';
import { pullImage } from './pull-images';

/** `docker pull` of one tag, then of all (protocol 10.4); the images must be those that were pushed, byte for byte. */
export const pull: Step = async (run) => {
  run.pulled.clear();
  await pullTag(run, 'one');
  await pullTag(run, undefined);
  return undefined;
};

/** `docker pull` of one tag, or of all. */
export async function pullTag(run: EngineRun, tag: string | undefined): Promise<void> {
  await greet(run.session, 'pull');
  if (run.session.generation.v2 === 'first') await tryV2Pull(run, tag);
  const endpoints = await openPull(run, tag);
  const tags = await getTags(run, endpoints, tag);
  for (const [name, id] of Object.entries(tags)) await firstThatWorks(endpoints, (at) => pullImage(run, at, name, id));
}

const MANIFEST_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/json',
];

async function tryV2Pull({ session, repository }: EngineRun, tag: string | undefined): Promise<void> {
  const path = tag === undefined ? 'tags/list' : `manifests/${tag}`;
  const url = `${session.index.scheme}://${session.index.host}/v2/${repository}/${path}`;
  const headers = tag === undefined ? [] : MANIFEST_TYPES.map((type) => ['Accept', type] as const);
  const exchange = await session.send({ method: 'GET', url, auth: 'none', headers });
  if (exchange.answer.status >= 300) return;
  throw failed(exchange, '404: with this the engine pulls over v2', 'whatever the v2 pull makes of it');
}

/** `GET …/images` (protocol 2.8), for the token and the endpoints; the body only has to be a list. */
async function openPull(run: EngineRun, tag: string | undefined): Promise<readonly Endpoint[]> {
  const { session, repository } = run;
  const url = `${session.indexUrl}repositories/${repository}/images`;
  const exchange = await session.send({ method: 'GET', url, auth: 'index' });
  const { answer } = exchange;
  const shown = shownBy(session.generation);
  if (answer.status !== 200) throw failed(exchange, '200', shown.openPull(repository, tag, answer));
  session.open(answer);
  const endpoints = takeEndpoints(session, exchange, (detail) => shown.beforePull(repository, detail));
  if (!isImageList(answer.body)) {
    throw failed(
      exchange,
      'a JSON array of objects with id',
      shown.beforePull(repository, 'json: cannot unmarshal object into Go value of type []*registry.ImgData'),
    );
  }
  return endpoints;
}

/**
 * All tags by `GET …/tags`, or one by `GET …/tags/<tag>` (protocol 4.7); after most errors the next registry is asked.
 */
async function getTags(run: EngineRun, endpoints: readonly Endpoint[], tag: string | undefined) {
  const { session, repository } = run;
  const shown = shownBy(session.generation);
  const byName = tag !== undefined && session.generation.oneTag === 'by name';
  const path = `repositories/${pulledName(repository)}/tags${byName ? `/${tag}` : ''}`;
  let last: StepFailure | undefined;
  for (const { url } of endpoints) {
    const exchange = await session.send({ method: 'GET', url: `${url}${path}`, auth: 'registry' });
    const { status } = exchange.answer;
    if (status === 200) return byName ? { [tag]: parseTagId(run, exchange) } : parseTags(run, exchange, tag);
    const missing = byName ? `Tag ${tag} not found in repository ${repository}` : 'Repository not found';
    const detail = status === 404 ? missing : 'Could not reach any registry endpoint';
    last = failed(exchange, '200', shown.beforePull(repository, detail));
    if (status === 404) break;
  }
  throw last ?? new Error('an earlier step failed because the index has no endpoints');
}

async function firstThatWorks(endpoints: readonly Endpoint[], task: (at: Endpoint) => Promise<void>): Promise<void> {
  for (const [position, endpoint] of endpoints.entries()) {
    try {
      await task(endpoint);
      return;
    } catch (error) {
      if (!(error instanceof StepFailure) || position === endpoints.length - 1) throw error;
    }
  }
}
