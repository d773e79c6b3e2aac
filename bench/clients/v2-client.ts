import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { call } from './http';
import { MANIFEST_TYPE, type ImageFolder } from './images';

/** Where an upload continues: the Location of a POST or PATCH, which may be relative. */
export async function startUpload(url: string, repository: string): Promise<URL> {
  const started = await call({
    method: 'POST',
    url: `${url}/v2/${repository}/blobs/uploads/`,
    headers: { 'Content-Length': '0' },
    expected: [202],
  });
  return new URL(started.headers.location ?? '', url);
}

async function putBlob(url: string, repository: string, hex: string, bytes: Buffer): Promise<void> {
  const location = await startUpload(url, repository);
  location.searchParams.set('digest', `sha256:${hex}`);
  const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': String(bytes.length) };
  await call({ method: 'PUT', url: location.href, headers, body: bytes, expected: [201] });
}

/** Pushes an image as `latest`. */
export async function pushV2(url: string, repository: string, image: ImageFolder): Promise<void> {
  for (const { file } of image.images) await putBlob(url, repository, file, await readFile(path.join(image.dir, file)));
  await putBlob(url, repository, image.config.file, image.config.bytes);
  await call({
    method: 'PUT',
    url: `${url}/v2/${repository}/manifests/latest`,
    headers: { 'Content-Type': MANIFEST_TYPE },
    body: image.manifest,
    expected: [201],
  });
}
