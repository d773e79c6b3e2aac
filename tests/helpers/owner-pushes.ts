import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { digestOf } from '../../src/platform/bytes/digest';
import { appendToUpload, commitUpload, startUpload } from '../../src/features/manifests/blob-uploads';
import { MANIFEST_TYPES } from '../../src/features/manifests/media-types';
import { putManifest } from '../../src/features/manifests/put-manifest';
import type { AdministeredRepository, WritableRepository } from '../../src/features/repositories/access';
import { createRepository } from '../../src/features/repositories/creation';
import { getAdministered } from '../../src/features/repositories/get-repository';
import { actorOf } from './actors';
import type { TestServer } from './test-server';

/* Pushes over v2 through the functions of the feature, as the owner of the repository. */

/** A repository, and its owner who pushes to it. */
export interface PushPlace {
  readonly ctx: TestServer['ctx'];
  readonly repository: AdministeredRepository;
}

/** A manifest that was pushed. */
export interface Pushed {
  readonly digest: string;
  readonly bytes: Buffer;
  readonly mediaType: string;
}

/** What a manifest is to refer to. */
export interface Wanted {
  /** undefined: it is pushed by digest */
  readonly tag?: string;
  /** undefined: one of a hundred bytes */
  readonly layers?: readonly Buffer[];
  readonly subject?: Pushed;
  /** pushes only the config and the manifest */
  readonly isWithoutLayers?: boolean;
}

/** The repository `namespace/name`, which is created if there is none, for the user of the namespace. */
export async function pushPlace(server: Pick<TestServer, 'ctx'>, fullName: string): Promise<PushPlace> {
  const { ctx } = server;
  const [namespace = '', name = ''] = fullName.split('/');
  const actor = await actorOf(server, namespace);
  if ((await ctx.db('repositories').where({ namespace, name }).first()) === undefined) {
    await createRepository(ctx, actor, { namespace, name }, undefined);
  }
  return { ctx, repository: await getAdministered(ctx, actor, { namespace, name }) };
}

/** Pushes a blob; resolves to its digest. */
export async function pushBlob(
  { ctx, repository }: { readonly ctx: PushPlace['ctx']; readonly repository: WritableRepository },
  bytes: Buffer,
): Promise<string> {
  const upload = await startUpload(ctx, repository);
  const whole = await appendToUpload(ctx, upload, undefined, Readable.from([bytes]));
  await commitUpload(ctx, whole, digestOf(bytes));
  return digestOf(bytes);
}

const descriptor = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });

function refersTo({ digest, bytes, mediaType }: Pushed) {
  return { mediaType, digest, size: bytes.length };
}

async function push({ ctx, repository }: PushPlace, document: object, tag: string | undefined): Promise<Pushed> {
  const bytes = Buffer.from(JSON.stringify(document));
  const { mediaType } = document as { mediaType: string };
  const reference = tag ?? digestOf(bytes);
  const { digest } = await putManifest(ctx, repository, { reference, contentType: mediaType, bytes, engine: {} });
  return { digest, bytes, mediaType };
}

/** The document of an image whose config is its own. */
export function imageDocument(layers: readonly Buffer[], subject?: Pushed): { document: object; config: Buffer } {
  const config = Buffer.from(JSON.stringify({ nonce: randomBytes(8).toString('hex') }));
  const document = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPES.ociManifest,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
    ...(subject === undefined ? {} : { subject: refersTo(subject) }),
  };
  return { document, config };
}

/** Pushes an image with its blobs. */
export async function pushManifest(place: PushPlace, wanted: Wanted = {}): Promise<Pushed> {
  const { layers = [randomBytes(100)], subject, tag, isWithoutLayers = false } = wanted;
  const { document, config } = imageDocument(layers, subject);
  for (const blob of isWithoutLayers ? [config] : [config, ...layers]) await pushBlob(place, blob);
  return push(place, document, tag);
}

/** Pushes an index that lists manifests. */
export async function pushIndex(
  place: PushPlace,
  children: readonly Pushed[],
  { tag, subject }: Pick<Wanted, 'tag' | 'subject'> = {},
): Promise<Pushed> {
  const document = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPES.ociIndex,
    manifests: children.map(refersTo),
    annotations: { nonce: randomBytes(8).toString('hex') },
    ...(subject === undefined ? {} : { subject: refersTo(subject) }),
  };
  return push(place, document, tag);
}

/** Lets hours pass for all that gc and sweeps look at, as if the clock had gone on. */
export async function letHoursPass({ ctx }: Pick<PushPlace, 'ctx'>, hours: number): Promise<void> {
  const times = {
    manifests: 'tagged_at',
    repository_blobs: 'linked_at',
    blob_uploads: 'created_at',
    blobs: 'referenced_at',
    repository_images: 'announced_at',
    pushes: 'seen_at',
  };
  for (const [table, column] of Object.entries(times)) {
    await ctx.db.raw(`update ${table} set ${column} = ${column} - interval '${hours} hours'`);
  }
}
