import { Readable } from 'node:stream';
import type { Needs } from '../../context';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import { ContentError, manifestUnknown } from '../manifests/content-error';
import { getManifest, type Manifest } from '../manifests/manifests';
import type { ReadableRepository } from '../repositories/access';
import { isTag } from '../repositories/names';
import { keepBlob } from '../storage/blobs';
import { layerIsDamaged } from '../storage/damage';
import type { LayerDescriptor } from './docker-manifest';
import { configOfChain, manifestOf } from './image-config';
import * as store from './image-views.store';
import { describeLayer, layerType } from './layer-facts';
import { inTurnOf, LONGEST_WAIT_MS, withinPatience, type TurnNeeds } from './patience';
import { recordSynthesized } from './synthesized-manifests';
import type { TwinNeeds } from './twins';

/*
 * An image that was pushed over v1, as clients of v2 pull it (bridge 8): a config and a manifest that docker's own rules
 * compute from the bytes that were pushed. They are created when the first client asks, and stored: a digest that was
 * given out once stays good while the image is there. The layers are those of v1, without a copy.
 */

/** What the views of v1 images need. */
export type ViewNeeds = Needs<'cache'> & TurnNeeds & TwinNeeds;

/** The repository of an image, without a caller who reads it: its pushes are reported in the background. */
type ViewPlace = Pick<ReadableRepository, 'id' | 'namespace'>;

/** @property patienceMs - how long the caller waits for layers that nobody has read yet */
interface Wanted {
  readonly linkId: number;
  readonly patienceMs: number;
}

function cannotBeShown(tag: string, problem: string): ContentError {
  const message = `The image ${tag} was pushed over v1 and cannot be pulled over v2: ${problem}`;
  return new ContentError('manifest_unknown', message, { tag, problem });
}

function isDescribed({ diff_id: diffId, layer_problem: problem }: store.ChainLinkRow): boolean {
  return diffId !== null || problem !== null;
}

async function describeAll(ctx: ViewNeeds, chain: readonly store.ChainLinkRow[]): Promise<void> {
  for (const link of chain) {
    const { digest, storage_key: storageKey, size_bytes: sizeBytes } = link;
    if (!isDescribed(link)) await describeLayer(ctx, { digest, storageKey, sizeBytes });
  }
}

async function describedChain(
  ctx: ViewNeeds,
  { id: repositoryId, namespace }: ViewPlace,
  { linkId, patienceMs }: Wanted,
): Promise<readonly store.ChainLinkRow[]> {
  const chain = await store.listChain(ctx.db, repositoryId, linkId);
  if (chain.some((link) => link.is_damaged)) throw layerIsDamaged();
  if (chain.every(isDescribed)) return chain;
  await withinPatience(
    inTurnOf(ctx, namespace, () => describeAll(ctx, chain)),
    patienceMs,
  );
  return store.listChain(ctx.db, repositoryId, linkId);
}

function layerOf(link: store.ChainLinkRow): LayerDescriptor {
  const { digest, size_bytes: size, compression, twin_digest: twin, twin_size_bytes: twinSize } = link;
  if (twin !== null && twinSize !== null) return { mediaType: layerType('gzip'), size: twinSize, digest: twin };
  return { mediaType: layerType(compression), size, digest };
}

/** Why an image has no manifest; undefined: it has one. */
function problemOf(chain: readonly store.ChainLinkRow[]): string | undefined {
  if (chain.length === 0 || chain.at(-1)?.depth !== chain.length) return 'its ancestors are not complete';
  return chain.find((link) => link.layer_problem !== null)?.layer_problem ?? undefined;
}

/** @returns why there cannot be one; undefined: it was created */
async function createView(ctx: ViewNeeds, repository: ViewPlace, wanted: Wanted): Promise<string | undefined> {
  const { linkId } = wanted;
  const chain = await describedChain(ctx, repository, wanted);
  const problem = problemOf(chain);
  if (problem !== undefined) {
    await store.insertView(ctx.db, linkId, { problem });
    return problem;
  }
  const config = configOfChain(chain.map(({ json, diff_id: diffId }) => ({ json, diffId: diffId ?? '' })));
  const layers = chain.map(layerOf);
  const bytes = manifestOf(config, layers);
  const blob = await ctx.blobs.write(Readable.from([config]));
  const blobs = [blob.digest, ...layers.map(({ digest }) => digest)];
  await keepBlob(ctx, blob, async (tx) => {
    const manifestId = await recordSynthesized(tx, repository.id, { bytes, blobs });
    await store.insertView(tx, linkId, { manifestId });
  });
  return undefined;
}

/**
 * The manifest that a tag points to or a digest names. The manifest of an image that was pushed over v1 is created now if
 * nobody asked for it before.
 *
 * @throws ContentError `manifest_unknown` with the reason when the image cannot be shown, `digest_invalid`; AppError
 *   `unavailable` when a layer is damaged, or not read yet
 */
export async function getManifestOrView(
  ctx: ViewNeeds,
  repository: ReadableRepository,
  reference: string,
): Promise<Manifest> {
  const tagged = isTag(reference) ? await store.findTagged(ctx.db, repository.id, reference) : undefined;
  if (tagged === undefined || tagged.manifest_id !== null) return getManifest(ctx, repository, reference);
  const problem = tagged.problem ?? (await createViewOf(ctx, repository, reference, tagged.link_id));
  if (problem !== undefined) throw cannotBeShown(reference, problem);
  return getManifest(ctx, repository, reference);
}

async function createViewOf(
  ctx: ViewNeeds,
  repository: ReadableRepository,
  tag: string,
  linkId: number,
): Promise<string | undefined> {
  try {
    return await createView(ctx, repository, { linkId, patienceMs: LONGEST_WAIT_MS });
  } catch (error) {
    // The garbage collection took the image while its manifest was created.
    if (!isForeignKeyViolation(error)) throw error;
    throw manifestUnknown(tag);
  }
}

/** How long the report of a push waits for layers that nobody has read yet. */
const REPORT_WAIT_MS = 5000;

/**
 * The digest that clients of v2 get for a tag that was pushed over v1, for the report of the push.
 *
 * @param imageIds - of the push
 * @returns undefined when the tag has moved to another image since, or when there is no digest, or none soon
 */
export async function findDigestOfPush(
  ctx: ViewNeeds,
  repository: ViewPlace,
  push: { readonly tag: string; readonly imageIds: readonly string[] },
): Promise<string | undefined> {
  const find = () => store.findPushed(ctx.db, repository.id, push.tag, push.imageIds);
  const pushed = await find();
  if (pushed === undefined || pushed.digest !== null || pushed.problem !== null) return pushed?.digest ?? undefined;
  try {
    await createView(ctx, repository, { linkId: pushed.link_id, patienceMs: REPORT_WAIT_MS });
  } catch (error) {
    ctx.log.debug({ err: error, repositoryId: repository.id }, 'a push is reported without its digest');
  }
  return (await find())?.digest ?? undefined;
}
