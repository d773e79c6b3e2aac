import type { Test } from 'supertest';
import type { KillableServer } from '../helpers/killable-server';
import type { Seeded } from '../helpers/seeded';
import { asUser, pushBlob } from '../helpers/v2-client';
import type { Outcome } from './bridge-jobs';
import type { Unpushed } from './bridge-material';
import { within } from './bridge-waits';

/* What the bridge does for clients and in the background, each as work that a kill may interrupt, and that is asked again. */

/** Work on a repository. */
export interface Work {
  /** pushes what the work is about */
  push(place: KillableServer): Promise<void>;
  /** leaves what was pushed as if nobody had seen it yet; undefined: nobody has */
  readonly forget?: (place: KillableServer) => Promise<void>;
  /** asks for all of the work at once */
  ask(place: KillableServer): Promise<Outcome>;
}

/** Work that follows from a seed, on a repository that it has to itself. */
export type Kind = (seeded: Seeded, repository: string) => Work;

/** @param refused - what it means that the server does not listen */
export async function outcomeOf(
  what: string,
  work: PromiseLike<unknown>,
  refused: Outcome = 'not begun',
): Promise<Outcome> {
  try {
    await within(what, work);
    return 'done';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED') return refused;
    if (code === 'ECONNRESET') return 'cut off';
    throw error;
  }
}

/** Sends all requests at once. */
export async function outcomeOfAll(requests: readonly Test[]): Promise<Outcome> {
  const outcomes = await Promise.all(requests.map((request) => outcomeOf(request.url, request)));
  return outcomes.find((outcome) => outcome === 'cut off') ?? outcomes.find((outcome) => outcome !== 'done') ?? 'done';
}

/** Does the work, which nothing interrupts. */
export async function complete({ push, ask }: Work, place: KillableServer): Promise<void> {
  await push(place);
  expect(await ask(place)).toBe('done');
}

/** The number of a repository, whose name is `$1`. */
export const OF_REPOSITORY = `select id from repositories where namespace || '/' || name = $1`;

/** The digests of the layers that a repository, whose name is `$1`, has of v1 images. */
export const LAYERS_OF = `select c.layer_digest from repository_images i join image_contents c on c.id = i.content_id
  where i.repository_id in (${OF_REPOSITORY})`;

/** Puts a manifest, whose blobs and children are there. */
export function putManifest(
  { server }: KillableServer,
  repository: string,
  reference: string,
  { text, described: { mediaType } }: Unpushed,
): Test {
  return asUser(server, 'put', `/v2/${repository}/manifests/${reference}`)
    .set('Content-Type', mediaType)
    .send(text)
    .expect(201);
}

/** Pushes everything that manifests refer to, each once. */
export async function pushReferences(
  place: KillableServer,
  repository: string,
  manifests: readonly Unpushed[],
): Promise<void> {
  const children = manifests.flatMap((manifest) => manifest.children);
  const all = [...children, ...manifests];
  const blobs = new Map(all.flatMap((each) => each.blobs).map((blob) => [blob.toString('latin1'), blob]));
  for (const blob of blobs.values()) await pushBlob(place.server, repository, blob);
  for (const child of children) await putManifest(place, repository, child.described.digest, child);
}
