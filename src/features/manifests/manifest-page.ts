import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { ReadableRepository } from '../repositories/access';
import type { BlobNeeds } from '../storage/blobs';
import { readBlob } from '../storage/damage';
import { getBlob } from './blobs';
import { manifestUnknown } from './content-error';
import { labelsOf, readImageConfig, type HistoryStep, type ImageConfig } from './image-config';
import { isElsewhere, type Descriptor, type ManifestDocument } from './manifest-document';
import { isAttestation, platformOf } from './manifest-kind';
import * as store from './manifest-page.store';
import { summarizeManifests, tryToRead, type ManifestSummary } from './manifest-summaries';
import { getManifestBytes, type Manifest } from './manifests';

/** A layer, or whatever an artifact has instead of layers. */
export interface ManifestLayer {
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** clients get it from another server */
  readonly isElsewhere: boolean;
  /** the name of the file, which artifacts have in an annotation */
  readonly title: string | undefined;
}

/** A step of the build, and its layer. */
export interface BuildStep extends HistoryStep {
  readonly layer: ManifestLayer | undefined;
}

/** A manifest that an index lists, or that is attached to another one. */
export interface RelatedManifest {
  readonly digest: string;
  /** undefined: it is for no platform */
  readonly platform: string | undefined;
  readonly isAttestation: boolean;
  /** of an attestation: the digest of the manifest that it is about */
  readonly about: string | undefined;
  /** undefined: the repository does not have it */
  readonly summary: ManifestSummary | undefined;
  readonly pushedAt: Date | undefined;
}

/** All that the page of a manifest shows. */
export interface DescribedManifest {
  readonly summary: ManifestSummary;
  readonly sizeBytes: number;
  readonly pushedAt: Date;
  /** the first hundred that point to it, by name */
  readonly tags: readonly string[];
  readonly annotations: readonly (readonly [name: string, value: string])[];
  /** the digest of the manifest that it is about */
  readonly subject: string | undefined;
  /** undefined: it is not an image, or its config cannot be read */
  readonly image: ImageConfig | undefined;
  /** the first step first; without a history: the layers */
  readonly steps: readonly BuildStep[];
  /** of an index */
  readonly children: readonly RelatedManifest[];
  readonly childCount: number;
  /** the newest first */
  readonly attached: readonly RelatedManifest[];
}

const CONFIG_BYTES = 16 * 1024 * 1024;
const CHILDREN = 200;
const ATTACHED = 100;
const TAGS = 100;

/** @returns undefined when the config is missing, damaged or too large */
async function readConfig(
  ctx: BlobNeeds,
  repository: ReadableRepository,
  { digest }: Descriptor,
): Promise<ImageConfig | undefined> {
  try {
    const blob = await getBlob(ctx, repository, digest);
    return blob.sizeBytes > CONFIG_BYTES ? undefined : readImageConfig(await readBlob(ctx, blob));
  } catch (error) {
    // It is damaged.
    if (error instanceof AppError && (error.code === 'not_found' || error.code === 'unavailable')) return undefined;
    throw error;
  }
}

function toLayer(descriptor: Descriptor): ManifestLayer {
  const { digest, mediaType = '', size = 0, annotations } = descriptor;
  const title = labelsOf(annotations).find(([name]) => name === 'org.opencontainers.image.title')?.[1];
  return { digest, mediaType, sizeBytes: size, isElsewhere: isElsewhere(descriptor), title };
}

const NO_STEP: HistoryStep = { command: undefined, comment: undefined, createdAt: undefined, isEmpty: false };

/** Gives the layers to the steps that changed files, in order; a history that does not fit the layers is left out. */
function stepsOf(layers: readonly ManifestLayer[], history: readonly HistoryStep[]): BuildStep[] {
  const withLayer = history.filter(({ isEmpty }) => !isEmpty);
  if (withLayer.length !== layers.length) return layers.map((layer) => ({ ...NO_STEP, layer }));
  let next = 0;
  return history.map((step) => ({ ...step, layer: step.isEmpty ? undefined : layers[next++] }));
}

async function childrenOf(
  ctx: Needs<'db'>,
  repositoryId: number,
  { children }: Pick<ManifestDocument, 'children'>,
): Promise<RelatedManifest[]> {
  const shown = children.slice(0, CHILDREN);
  const digests = shown.map(({ digest }) => digest);
  const rows = digests.length === 0 ? [] : await store.listByDigest(ctx.db, repositoryId, digests);
  const known = new Map(rows.map((row) => [row.digest, row]));
  const ids = rows.map(({ id }) => id);
  const summaries = await summarizeManifests(ctx, ids);
  return shown.map((listed) => ({
    digest: listed.digest,
    platform: platformOf(listed),
    isAttestation: isAttestation(listed),
    about: listed.annotations?.['vnd.docker.reference.digest'],
    summary: summaries.get(known.get(listed.digest)?.id ?? 0),
    pushedAt: known.get(listed.digest)?.created_at,
  }));
}

async function attachedTo(ctx: Needs<'db'>, repositoryId: number, digest: string): Promise<RelatedManifest[]> {
  const rows = await store.listAttached(ctx.db, repositoryId, digest, ATTACHED);
  const ids = rows.map(({ id }) => id);
  const summaries = await summarizeManifests(ctx, ids);
  return rows.map((row) => ({
    digest: row.digest,
    platform: undefined,
    isAttestation: false,
    about: undefined,
    summary: summaries.get(row.id),
    pushedAt: row.created_at,
  }));
}

/**
 * What a manifest is and what it consists of: the config and the build of an image, or the manifests that an index
 * lists; and the signatures and attestations that are attached to it.
 *
 * @throws ContentError `manifest_unknown` when it has just been deleted
 */
export async function describeManifest(
  ctx: BlobNeeds & Needs<'cache'>,
  repository: ReadableRepository,
  manifest: Manifest,
): Promise<DescribedManifest> {
  const { id, digest, mediaType, sizeBytes } = manifest;
  const document = tryToRead(await getManifestBytes(ctx, manifest), mediaType);
  const summary = (await summarizeManifests(ctx, [id])).get(id);
  const place = await store.findPlace(ctx.db, id, TAGS);
  if (summary === undefined || place === undefined) throw manifestUnknown(digest);
  const isImage = summary.kind === 'docker-image' || summary.kind === 'oci-image';
  const config = isImage ? document?.config : undefined;
  const image = config === undefined ? undefined : await readConfig(ctx, repository, config);
  return {
    summary,
    sizeBytes,
    pushedAt: place.created_at,
    tags: place.tags,
    annotations: labelsOf(document?.annotations),
    subject: document?.subject?.digest,
    image,
    steps: stepsOf((document?.layers ?? []).map(toLayer), image?.history ?? []),
    children: document === undefined ? [] : await childrenOf(ctx, repository.id, document),
    childCount: document?.children.length ?? 0,
    attached: await attachedTo(ctx, repository.id, digest),
  };
}
