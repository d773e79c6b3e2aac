import type { Endpoint } from '../endpoints';
import { failed, type Exchange } from '../failure';
import type { EngineRun } from '../engine-run';
import { OTHER_IMAGE, parseAncestry } from '../parsed';
import type { PushedImage } from '../pushed-image';
import { shownBy } from '../readable-exchange';
import { pullJson, pullLayer, type PulledJson } from './pull-parts';

/** Pulls one tagged image with its ancestors (protocol 10.4, steps 3 to 5), without those that were pulled before. */
export async function pullImage(run: EngineRun, { url }: Endpoint, tag: string, id: string): Promise<void> {
  const history = await getAncestry(run, url, tag, id);
  const context = { run, url, tag };
  const ordered = run.session.generation.pullOrder === 'tip first' ? history : history.toReversed();
  const jsons = new Map<string, PulledJson>();
  if (run.session.generation.pullOrder === 'jsons first') {
    for (const each of ordered) jsons.set(each, await pullJson(context, each));
  }
  for (const each of ordered) {
    if (run.pulled.has(each)) continue;
    const json = jsons.get(each) ?? (await pullJson(context, each));
    run.pulled.set(each, { url, ...json, ...(await pullLayer(context, each, json.sizeBytes)) });
  }
}

/** `GET …/ancestry` (protocol 4.8): newest first. The effect of another order depends on the engine. */
async function getAncestry(run: EngineRun, url: string, tag: string, id: string): Promise<readonly string[]> {
  const exchange = await run.session.send({ method: 'GET', url: `${url}images/${id}/ancestry`, auth: 'registry' });
  const { status, body } = exchange.answer;
  const shown = (detail: string): string => shownBy(run.session.generation).pull(run.repository, tag, detail);
  if (status !== 200) {
    throw failed(exchange, '200', shown(`Server error: ${status} trying to fetch remote history for ${id}`));
  }
  const history = parseAncestry(body);
  if (!history) throw failed(exchange, 'a JSON array of image ids', shown('json: cannot unmarshal the ancestry'));
  assertHistory(run, exchange, history, lineOf(run.pushed.images, id), shown);
  return history;
}

function assertHistory(
  { session }: EngineRun,
  exchange: Exchange,
  history: readonly string[],
  line: readonly string[],
  shown: (detail: string) => string,
): void {
  const needed = `the image and its ancestors, newest first: ${line.map((each) => each.slice(0, 12)).join(', ')}`;
  if (history.toSorted().join() !== line.toSorted().join()) throw failed(exchange, needed, OTHER_IMAGE);
  if (history.join() === line.join()) return;
  switch (session.generation.ancestry) {
    case 'any order':
      return; // the parent in each json links the images
    case 'parents first':
      throw failed(exchange, needed, shown('a layer cannot be unpacked before its parent'));
    case 'newest first':
      throw failed(exchange, needed, 'no error, but the layers lie in the wrong order under the wrong configuration');
  }
}

/** The ids of an image and its ancestors, newest first. */
export function lineOf(images: readonly PushedImage[], id: string | undefined): string[] {
  const image = images.find((each) => each.id === id);
  return image ? [image.id, ...lineOf(images, image.parent)] : [];
}
