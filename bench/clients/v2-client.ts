import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { call } from './http';
import { MANIFEST_TYPE, type ImageFolder } from './images';

/** A registry of v2, and where in it. */
export interface V2Target {
  readonly url: string;
  readonly repository: string;
  /** of every request: the credentials; docker-registry takes requests without */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Gets a Bearer token for pulls and pushes, as the header that shows it. */
export async function bearerFor(url: string, repository: string, basic: string): Promise<{ Authorization: string }> {
  const asked = `${url}/v2/token?service=bench&scope=repository:${repository}:pull,push`;
  const { body } = await call({ method: 'GET', url: asked, headers: { Authorization: basic } });
  return { Authorization: `Bearer ${(JSON.parse(body.toString()) as { token: string }).token}` };
}

/** Where an upload continues: the Location of a POST or PATCH, which may be relative. */
export async function startUpload({ url, repository, headers = {} }: V2Target): Promise<URL> {
  const started = await call({
    method: 'POST',
    url: `${url}/v2/${repository}/blobs/uploads/`,
    headers: { ...headers, 'Content-Length': '0' },
    expected: [202],
  });
  return new URL(started.headers.location ?? '', url);
}

async function putBlob(target: V2Target, hex: string, bytes: Buffer): Promise<void> {
  const location = await startUpload(target);
  location.searchParams.set('digest', `sha256:${hex}`);
  const length = { 'Content-Type': 'application/octet-stream', 'Content-Length': String(bytes.length) };
  const headers = { ...target.headers, ...length };
  await call({ method: 'PUT', url: location.href, headers, body: bytes, expected: [201] });
}

/** Pushes an image as `latest`. */
export async function pushV2(target: V2Target, image: ImageFolder): Promise<void> {
  for (const { file } of image.images) await putBlob(target, file, await readFile(path.join(image.dir, file)));
  await putBlob(target, image.config.file, image.config.bytes);
  await call({
    method: 'PUT',
    url: `${target.url}/v2/${target.repository}/manifests/latest`,
    headers: { ...target.headers, 'Content-Type': MANIFEST_TYPE },
    body: image.manifest,
    expected: [201],
  });
}
