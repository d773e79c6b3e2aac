import { createImage, payloadOf, pushImages, type TestImage } from '../helpers/images';
import type { TestServer } from '../helpers/test-server';
import { openRepository, type HubState } from './hub-state';
import type { Step, Trace } from './parse-trace';

/*
 * Some recorded sessions use images that other engines had pushed before. The recorded answers contain those images, so
 * that they can be pushed again.
 */

function answersTo(trace: Trace, pattern: RegExp): Step[] {
  return trace.steps.filter(({ request, answer }) => {
    return pattern.test(`${request.method} ${request.target}`) && answer.status === 200;
  });
}

function bodyOfAnswer(trace: Trace, imageId: string, part: 'json' | 'layer'): Buffer | undefined {
  return answersTo(trace, new RegExp(`^GET /v1/images/${imageId}/${part}$`))[0]?.answer.body;
}

function imageOf(trace: Trace, id: string, knownLayer?: Buffer): TestImage {
  const json = bodyOfAnswer(trace, id, 'json');
  const layer = bodyOfAnswer(trace, id, 'layer') ?? knownLayer;
  // The engine had this one already and did not ask for it, so any content will do.
  if (json === undefined || layer === undefined) return createImage({ id });
  return { id, json, layer, payload: payloadOf(json, layer) };
}

/** The images of the tag that a recorded session pulls, base first, with the bytes that it got. */
export function pulledImages(trace: Trace): TestImage[] {
  const [ancestry] = answersTo(trace, /^GET \/v1\/images\/[0-9a-f]+\/ancestry$/);
  const ids = JSON.parse(ancestry?.answer.body.toString() ?? '[]') as string[];
  return ids.reverse().map((id) => imageOf(trace, id));
}

/** The images that a recorded push found in the registry, base first; their layers are those of the engine itself. */
export function foundImages(trace: Trace, state: HubState): TestImage[] {
  const [start] = answersTo(trace, /^PUT \/v1\/repositories\/[^/]+\/$/);
  const list = JSON.parse(start?.request.body.toString() ?? '[]') as { id: string }[];
  return list.map(({ id }) => imageOf(trace, id, state.images.get(id)?.layer));
}

/** Pushes images as an administrator, and records them. */
export async function pushElsewhere(
  server: TestServer,
  state: HubState,
  push: { repository: string; tag: string; images: readonly TestImage[] },
): Promise<void> {
  const { repository, tag, images } = push;
  if (images.length === 0) throw new Error('the recording shows no image');
  await pushImages(server, repository, images, { user: 'admin', tag });
  const known = openRepository(state, repository);
  for (const { id, json, layer, payload } of images) {
    known.announced.add(id);
    state.images.set(id, { json, layer, payload });
  }
  known.tags.set(tag, images.at(-1)?.id ?? '');
}
