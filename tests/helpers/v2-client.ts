import { createHash, randomBytes } from 'node:crypto';
import request, { type Response } from 'supertest';
import { basic, type TestServer } from './test-server';

/* What a client of v2 sends, in as few requests as it can. */

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';

/** A server in this process, or the URL of one elsewhere. */
interface On {
  readonly server: TestServer['server'] | string;
}

/** A descriptor of bytes. */
export interface Described {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** The digest of bytes. */
export function digestOf(bytes: Buffer | string, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** Sends a request in the name of a user whom `addUser` created. */
export function asUser(
  { server }: On,
  method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete',
  path: string,
  user: string | undefined = 'alice',
): request.Test {
  const test = request(server)[method](path);
  return user === '' ? test : test.set('Authorization', basic(user));
}

/** Starts an upload. @returns its location */
export async function startUpload(on: On, repository: string, user?: string): Promise<string> {
  const { headers } = await asUser(on, 'post', `/v2/${repository}/blobs/uploads/`, user).expect(202);
  return String(headers['location']);
}

/** Pushes a blob as containerd does: POST, and PUT with the whole body. */
export async function pushBlob(
  on: On,
  repository: string,
  bytes: Buffer,
  { user, digest = digestOf(bytes) }: { user?: string; digest?: string } = {},
): Promise<string> {
  const location = await startUpload(on, repository, user);
  await asUser(on, 'put', `${location}?digest=${digest}`, user)
    .set('Content-Type', 'application/octet-stream')
    .send(bytes)
    .expect(201);
  return digest;
}

/** Pushes a manifest by tag or digest. */
export async function pushManifest(
  on: On,
  repository: string,
  reference: string,
  manifest: unknown,
  { user, type = OCI_MANIFEST }: { user?: string; type?: string } = {},
): Promise<Described> {
  const text = JSON.stringify(manifest);
  const digest = digestOf(text);
  await asUser(on, 'put', `/v2/${repository}/manifests/${reference === '' ? digest : reference}`, user)
    .set('Content-Type', type)
    .send(text)
    .expect(201);
  return { mediaType: type, digest, size: text.length };
}

/** An image manifest of a config and layers that the repository has. */
export function imageOf(config: Described, layers: readonly Described[], more: object = {}): object {
  return { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, ...more };
}

/** Pushes an image of one layer, which differs from any other unless its bytes are given. */
export async function pushImage(
  on: On,
  repository: string,
  tag: string,
  { user, layer = randomBytes(64), more }: { user?: string; layer?: Buffer; more?: object } = {},
): Promise<{ manifest: Described; config: Described; layer: Described }> {
  const options = user === undefined ? {} : { user };
  const diffId = digestOf(layer);
  const configBytes = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created: '2026-01-02T03:04:05Z', created_by: 'ADD layer /' }],
    }),
  );
  const config = {
    mediaType: OCI_CONFIG,
    digest: await pushBlob(on, repository, configBytes, options),
    size: configBytes.length,
  };
  const pushed = { mediaType: OCI_LAYER, digest: await pushBlob(on, repository, layer, options), size: layer.length };
  const manifest = await pushManifest(on, repository, tag, imageOf(config, [pushed], more), options);
  return { manifest, config, layer: pushed };
}

/** Parses an answer as text, for `parse` of superagent, which would parse a manifest as JSON or as bytes. */
export function asText(res: Response, done: (error: Error | null, body: unknown) => void): void {
  let text = '';
  res.setEncoding('utf8');
  res.on('data', (piece: string) => (text += piece));
  res.on('end', () => done(null, text));
}
