import { takeEndpoints, type Endpoint } from '../endpoints';
import { failed } from '../failure';
import type { EngineRun, Step } from '../engine-run';
import { shownBy } from '../readable-exchange';
import { headerOf } from '../../../../client/wire/answer';
import { greet } from './ping';
import { imageList } from './push-tags';
import { pushImages, type PushMode } from './push-images';

/** `docker push` of a repository with two tags that the server does not have (protocol 10.3). */
export const push: Step = async (run) => pushRepository(run, 'everything');

/** The same push again: the server has all images, so only the tags are sent. */
export const pushAgain: Step = async (run) => pushRepository(run, 'tags only');

async function pushRepository(run: EngineRun, mode: PushMode): Promise<undefined> {
  await greet(run.session, 'push');
  if (run.session.generation.v2 === 'first') await tryV2Push(run);
  const endpoints = await openPush(run);
  run.endpoints = endpoints;
  const checksums = new Map<string, string>();
  for (const endpoint of endpoints) await pushImages(run, endpoint, mode, checksums);
  await closePush(run, endpoints, checksums);
}

/**
 * The engine's v2 code tries to upload its layers, whatever the answer to `/v2/`; if that fails, the engine uses v1.
 */
async function tryV2Push({ session, repository }: EngineRun): Promise<void> {
  const url = `${session.index.scheme}://${session.index.host}/v2/${repository}/blobs/uploads/`;
  for (let layer = 0; layer < 2; layer += 1) {
    const exchange = await session.send({ method: 'POST', url, auth: 'none', headers: [['Content-Type', '']] });
    if (exchange.answer.status >= 300) continue;
    throw failed(exchange, '404: with this the engine pushes over v2', 'whatever the v2 push makes of it');
  }
}

/** `PUT /v1/repositories/<ns>/<repo>/` (protocol 2.6), for the token and the endpoints. */
async function openPush(run: EngineRun): Promise<readonly Endpoint[]> {
  const { session, repository } = run;
  const { generation } = session;
  const exchange = await session.send({
    method: 'PUT',
    url: `${session.indexUrl}repositories/${repository}/`,
    auth: 'index',
    headers: [[generation.indexContentType, 'application/json']],
    body: Buffer.from(JSON.stringify(imageList(run))),
  });
  const { answer } = exchange;
  if (answer.status !== 200 && answer.status !== 201) {
    throw failed(exchange, '200 or 201', shownBy(generation).openPush(repository, answer));
  }
  run.isOpened = true;
  if (generation.token === 'opening' && headerOf(answer, 'X-Docker-Token') === '') {
    throw failed(exchange, 'the header X-Docker-Token', "Index response didn't contain an access token");
  }
  session.open(answer);
  return takeEndpoints(session, exchange, (detail) => detail);
}

/**
 * `PUT …/images` (protocol 2.7), with the checksums that 0.6 and 0.7 have collected, and with `[]` in later versions.
 */
async function closePush(
  run: EngineRun,
  endpoints: readonly Endpoint[],
  checksums: ReadonlyMap<string, string>,
): Promise<void> {
  const { session, repository } = run;
  const list = session.generation.tagsAncestors
    ? imageList(run).flatMap(({ id, Tag }) => (checksums.has(id) ? [{ id, checksum: checksums.get(id), Tag }] : []))
    : [];
  const exchange = await session.send({
    method: 'PUT',
    url: `${session.indexUrl}repositories/${repository}/images`,
    auth: 'index',
    headers: [
      [session.generation.indexContentType, 'application/json'],
      ...endpoints.map(({ url }) => ['X-Docker-Endpoints', url] as const),
    ],
    body: Buffer.from(JSON.stringify(list)),
  });
  if (exchange.answer.status === 204) return;
  throw failed(exchange, '204, and nothing else', shownBy(session.generation).closePush(repository, exchange.answer));
}
