import { randomBytes } from 'node:crypto';
import type { RepositoryName } from '../../src/features/access/actor';
import { putManifest } from '../../src/features/manifests/put-manifest';
import type { WritableRepository } from '../../src/features/repositories/access';
import { createRepository } from '../../src/features/repositories/creation';
import { getWritable } from '../../src/features/repositories/get-repository';
import { parseEngine } from '../../src/features/tags/engine';
import { digestOf } from '../../src/platform/bytes/digest';
import { actorOf } from './actors';
import { pushBlob } from './owner-pushes';
import type { TestServer } from './test-server';

/* Pushes over v2, by the functions of the features: as a client would, without HTTP. */

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

/** What a manifest says of a blob or of another manifest. */
export interface TestDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Pushes to one repository. */
export class ManifestPusher {
  constructor(
    private readonly server: TestServer,
    private readonly repository: WritableRepository,
  ) {}

  /** A pusher for a repository of a user, which is created if it does not exist. */
  static async to(server: TestServer, name: RepositoryName, username = 'alice'): Promise<ManifestPusher> {
    const actor = await actorOf(server, username);
    const known = await server.ctx
      .db('repositories')
      .where({ ...name })
      .first('id');
    if (known === undefined) await createRepository(server.ctx, actor, name, undefined);
    return new ManifestPusher(server, await getWritable(server.ctx, actor, name));
  }

  async blob(bytes: Buffer, mediaType: string): Promise<TestDescriptor> {
    const digest = await pushBlob({ ctx: this.server.ctx, repository: this.repository }, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** Pushes a manifest, by its digest if no tag is given. */
  async manifest(
    mediaType: string,
    document: object,
    { tag, userAgent = 'skopeo/1.22.0' }: { tag?: string; userAgent?: string } = {},
  ): Promise<TestDescriptor> {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...document }));
    const digest = digestOf(bytes);
    const pushed = { reference: tag ?? digest, contentType: mediaType, bytes, engine: parseEngine(userAgent) };
    await putManifest(this.server.ctx, this.repository, pushed);
    return { mediaType, digest, size: bytes.length };
  }

  /** Pushes an OCI image with layers of random bytes. */
  async image(
    config: object | Buffer,
    options: { tag?: string; userAgent?: string; layers?: readonly Buffer[]; document?: object } = {},
  ): Promise<TestDescriptor> {
    const layers: TestDescriptor[] = [];
    for (const layer of options.layers ?? [randomBytes(2000)]) layers.push(await this.blob(layer, OCI_LAYER));
    const bytes = Buffer.isBuffer(config) ? config : Buffer.from(JSON.stringify(config));
    const document = { config: await this.blob(bytes, OCI_CONFIG), layers, ...options.document };
    return this.manifest(OCI_MANIFEST, document, options);
  }
}
