import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { createImage, pushImages, startPull, startPush, type TestImage } from './images';
import { makePrivate, registryClient } from './registry-client';
import type { TestServer } from './test-server';

/** The names of all complete layers in the server's folder. */
export async function storedFiles(server: TestServer): Promise<string[]> {
  const entries = await readdir(path.join(server.blobDir, 'sha256'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** The same id, another json and layer. */
export function forged(image: TestImage): TestImage {
  return createImage({ id: image.id, note: 'forged' });
}

/** Pushes images into a repository that is private before the first of them arrives. */
export async function pushPrivate(
  server: TestServer,
  repository: string,
  images: TestImage[],
  user = 'alice',
): Promise<void> {
  await startPush(server, repository, [], user);
  await makePrivate(server, repository, user);
  await pushImages(server, repository, images, { user });
}

/** Json and layer of an image, as a pull of this repository gets them. */
export async function bytesOf(
  server: TestServer,
  repository: string,
  image: TestImage,
  user?: string,
): Promise<[Buffer, Buffer]> {
  const pull = registryClient(server, await startPull(server, repository, user));
  return [(await pull.get(image.id, 'json')).bytes, (await pull.get(image.id, 'layer')).bytes];
}
