import { z } from 'zod';
import { describeManifest, type BuildStep, type RelatedManifest } from '../../../features/manifests/manifest-page';
import type { ImageConfig } from '../../../features/manifests/image-config';
import { getManifestByDigest } from '../../../features/manifests/manifests';
import { endpoint, reply } from '../endpoint';
import { readableAsked, repositoryParams } from './repository-asked';
import { moment, nameParam } from './schemas';
import { kindSchema } from './tags';

/* The manifests of a repository, for people to look at. Clients get their bytes over v2. */

const layerSchema = z
  .strictObject({
    digest: z.string().nullable().describe('Null for a step that changed no files'),
    media_type: z.string().nullable(),
    size: z.int(),
    command: z.string().nullable().describe('The command that created the layer, as in a Dockerfile'),
    date_created: moment.nullable(),
  })
  .meta({ id: 'ManifestLayer' });

const relatedSchema = z
  .strictObject({
    digest: z.string(),
    platform: z.string().nullable().describe('Null for attestations, and for what is attached'),
    artifact_type: z.string().nullable(),
    size: z.int().nullable().describe('Bytes of the config and all layers; null if the repository does not have it'),
    date_pushed: moment.nullable(),
  })
  .meta({ id: 'RelatedManifest' });

const pairs = z.array(z.strictObject({ name: z.string(), value: z.string() }));

/** The configuration of an image. */
export const imageSchema = z
  .strictObject({
    platform: z.string().nullable(),
    date_created: moment.nullable(),
    author: z.string().nullable(),
    entrypoint: z.array(z.string()),
    command: z.array(z.string()),
    environment: z.array(z.string()),
    ports: z.array(z.string()),
    volumes: z.array(z.string()),
    working_directory: z.string().nullable(),
    user: z.string().nullable(),
    labels: pairs,
  })
  .meta({ id: 'ImageConfig' });

const manifestSchema = z
  .strictObject({
    digest: z.string(),
    media_type: z.string(),
    kind: kindSchema,
    artifact_type: z.string().nullable(),
    size: z.int().describe('Bytes of the config and all layers; for an index, of all its images'),
    date_pushed: moment,
    tags: z.array(z.string()).describe('Tags for which clients of v2 get it: the first hundred by name'),
    subject: z.string().nullable().describe('Digest of the manifest that it is attached to'),
    annotations: pairs,
    image: imageSchema.nullable().describe('From the config; null if it is not an image, or its config cannot be read'),
    layers: z.array(layerSchema).describe('The first step of the build first'),
    manifests: z.array(relatedSchema).describe('The manifests of an index: the first 200'),
    attached: z.array(relatedSchema).describe('Signatures, attestations and others: the latest hundred'),
  })
  .meta({ id: 'Manifest' });

function layerBody({ layer, command, createdAt }: BuildStep): z.input<typeof layerSchema> {
  return {
    digest: layer?.digest ?? null,
    media_type: layer?.mediaType ?? null,
    size: layer?.sizeBytes ?? 0,
    command: command ?? null,
    date_created: createdAt?.toISOString() ?? null,
  };
}

function relatedBody({ digest, platform, summary, pushedAt }: RelatedManifest): z.input<typeof relatedSchema> {
  return {
    digest,
    platform: platform ?? null,
    artifact_type: summary?.artifactType ?? null,
    size: summary?.totalSizeBytes ?? null,
    date_pushed: pushedAt?.toISOString() ?? null,
  };
}

const pairsBody = (found: readonly (readonly [string, string])[]) => found.map(([name, value]) => ({ name, value }));

/** The configuration of an image for an answer. */
export function imageBody(image: ImageConfig): z.input<typeof imageSchema> {
  return {
    platform: image.platform ?? null,
    date_created: image.createdAt?.toISOString() ?? null,
    author: image.author ?? null,
    entrypoint: [...image.entrypoint],
    command: [...image.command],
    environment: [...image.env],
    ports: [...image.ports],
    volumes: [...image.volumes],
    working_directory: image.workingDir ?? null,
    user: image.user ?? null,
    labels: pairsBody(image.labels),
  };
}

const getOne = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/manifests/:digest/',
  tag: 'images',
  access: 'optional',
  id: 'getManifest',
  summary: 'Show what a manifest is and consists of',
  description: 'Its exact bytes are at `/v2/`. Long texts of its config are cut.',
  params: z.object({ ...repositoryParams.shape, digest: nameParam }),
  responses: { 200: { description: 'The manifest', body: manifestSchema } },
  handle: async (ctx, input) => {
    const repository = await readableAsked(ctx, input);
    const found = await getManifestByDigest(ctx, repository, input.params.digest);
    const { summary, image, ...manifest } = await describeManifest(ctx, repository, found);
    return reply(200, {
      digest: summary.digest,
      media_type: summary.mediaType,
      kind: summary.kind,
      artifact_type: summary.artifactType ?? null,
      size: summary.totalSizeBytes,
      date_pushed: manifest.pushedAt.toISOString(),
      tags: [...manifest.tags],
      subject: manifest.subject ?? null,
      annotations: pairsBody(manifest.annotations),
      image: image === undefined ? null : imageBody(image),
      layers: manifest.steps.map(layerBody),
      manifests: manifest.children.map(relatedBody),
      attached: manifest.attached.map(relatedBody),
    });
  },
});

export const manifestEndpoints = [getOne];
