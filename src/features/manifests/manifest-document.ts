import { z } from 'zod';
import { parseJson } from '../../platform/http/body';
import { ContentError } from './content-error';
import { isDigest } from './digest';
import { assertManageable } from './manifest-limits';
import { bareType, isForeignLayer, isIndexType, isManifestType, isSchema1 } from './media-types';

/*
 * A manifest as clients write it (bridge 5.4). It is never changed. The fields that are read here decide which blobs
 * and manifests it refers to, and what lists and pages show of it.
 */

const annotations = z.record(z.string(), z.string());

const descriptor = z.looseObject({
  mediaType: z.string().max(255).optional(),
  digest: z.string().refine(isDigest, 'must be sha256: or sha512: and lower-case hexadecimal digits'),
  size: z.number().int().nonnegative().optional(),
  urls: z.array(z.string()).nullish(),
  annotations: annotations.nullish(),
  artifactType: z.string().max(255).nullish(),
  platform: z
    .looseObject({ os: z.string().optional(), architecture: z.string().optional(), variant: z.string().nullish() })
    .nullish(),
});

const document = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().max(255).nullish(),
  config: descriptor.nullish(),
  layers: z.array(descriptor).nullish(),
  manifests: z.array(descriptor).nullish(),
  subject: descriptor.nullish(),
  annotations: annotations.nullish(),
});

/** The entry of a manifest about a blob or about another manifest. */
export type Descriptor = z.infer<typeof descriptor>;

/** The references of a manifest, and what it says about itself. */
export interface ManifestDocument {
  readonly mediaType: string;
  /** undefined: it is an index */
  readonly config: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
  /** the manifests that an index lists */
  readonly children: readonly Descriptor[];
  readonly subject: Descriptor | undefined;
  /** its own, or else the media type of its config (OCI distribution 1.1, referrers) */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

function invalid(message: string, detail?: unknown): ContentError {
  return new ContentError('manifest_invalid', message, detail);
}

function typeOf(contentType: string | undefined, inBody: string | undefined): string {
  const announced = contentType === undefined ? undefined : bareType(contentType);
  const mediaType = announced ?? inBody ?? '';
  if (isSchema1(mediaType)) throw invalid('Schema 1 manifests are not supported');
  if (!isManifestType(mediaType)) throw invalid(`Manifests of the type "${mediaType}" are not supported`);
  if (inBody !== undefined && inBody !== mediaType) {
    throw invalid(`The manifest says that its type is "${inBody}", but the Content-Type is "${mediaType}"`);
  }
  return mediaType;
}

/**
 * Reads a manifest.
 *
 * @param bytes - exactly as they were pushed, or are stored
 * @param contentType - of the request or the row; undefined: the manifest must say its type
 * @throws ContentError `manifest_invalid`
 */
export function readManifest(bytes: Buffer, contentType: string | undefined): ManifestDocument {
  const parsed = parseJson(bytes);
  if (parsed === undefined) throw invalid('The manifest is not JSON');
  assertManageable(parsed.value);
  const { mediaType: inBody } = z.looseObject({ mediaType: z.string() }).catch({ mediaType: '' }).parse(parsed.value);
  const mediaType = typeOf(contentType, inBody === '' ? undefined : inBody);
  const checked = document.safeParse(parsed.value);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw invalid(`The manifest is invalid: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trimEnd());
  }
  const { config, layers, manifests, subject, artifactType, annotations: notes } = checked.data;
  const isIndex = isIndexType(mediaType);
  if (!isIndex && (config === undefined || config === null)) throw invalid('The manifest has no config');
  if (isIndex && !Array.isArray(manifests)) throw invalid('The index has no list of manifests');
  return {
    mediaType,
    config: isIndex ? undefined : (config ?? undefined),
    layers: isIndex ? [] : (layers ?? []),
    children: isIndex ? (manifests ?? []) : [],
    subject: subject ?? undefined,
    artifactType: artifactType ?? (isIndex ? undefined : config?.mediaType),
    annotations: notes ?? undefined,
  };
}

/** Whether clients get the blob elsewhere, so that the repository need not have it. */
export function isElsewhere({ mediaType = '', urls }: Descriptor): boolean {
  return isForeignLayer(mediaType) || (urls ?? []).length > 0;
}

/** The blobs that the repository must have: the config, and the layers that are not elsewhere. */
export function blobsOf({ config, layers }: ManifestDocument): Descriptor[] {
  return [...(config === undefined ? [] : [config]), ...layers.filter((layer) => !isElsewhere(layer))];
}
