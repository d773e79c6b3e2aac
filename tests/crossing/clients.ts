import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ClientPlace } from '../clients/client-process';
import { buildahInPlace, PLAIN, podmanInPlace, SKOPEO_COPY } from '../clients/in-place';
import { writeLayout } from '../clients/layout';
import { hex } from '../helpers/crossing-images';
import { digestOf, type Described } from '../helpers/v2-client';
import type { SourceImage } from './rich-image';
import type { Tree } from './tree/file-tree';
import { treeOfFolder } from './tree/folder';
import { tarIn, treeOfLayers } from './tree/layers';

/** The files of an image, in one of the ways to look at them. */
export interface Seen {
  readonly tree: Tree;
  /** differences that are the client's own doing */
  readonly excepts?: RegExp;
}

/** A client of v2 of which the files that it pulled can be read. */
export interface CrossingClient {
  /**
   * Pulls an image.
   *
   * @returns the digest of its config, which most clients show as its id
   * @throws Error with what the client said
   */
  pull(reference: string): Promise<string>;
  /** The files of the image that was pulled last, in each way to look at them. */
  look(reference: string): Promise<readonly Seen[]>;
  push(image: SourceImage, reference: string): Promise<void>;
  /** Pushes the image that was pulled last to where it came from. */
  pushBack(reference: string): Promise<unknown>;
}

/**
 * Writes an image as a layout.
 *
 * @returns the name by which clients open it in the folder of the place, whose own path podman would refuse as a name
 */
async function layoutOf({ dir }: ClientPlace, { config, layers }: SourceImage): Promise<string> {
  const folder = `layout-${randomUUID()}`;
  await writeLayout(path.join(dir, folder), config, layers);
  return `oci:${folder}:1`;
}

/** It keeps what it copied as files, and unpacks nothing. */
export function skopeo(place: ClientPlace): CrossingClient {
  const copy = (from: string, to: string) => place.run('skopeo', [...SKOPEO_COPY, from, to]);
  const folder = path.join(place.dir, 'copied');
  const manifest = async () => {
    const text = await readFile(path.join(folder, 'manifest.json'), 'utf8');
    return JSON.parse(text) as { config: Described; layers: Described[] };
  };
  const layer = async ({ digest }: Described): Promise<Buffer> => {
    const bytes = await readFile(path.join(folder, hex(digest)));
    expect(digestOf(bytes)).toBe(digest);
    return tarIn(bytes);
  };
  return {
    pull: async (reference) => {
      await rm(folder, { recursive: true, force: true });
      await copy(`docker://${reference}`, `dir:${folder}`);
      return (await manifest()).config.digest;
    },
    look: async () => [{ tree: treeOfLayers(await Promise.all((await manifest()).layers.map(layer))) }],
    push: async (image, reference) => {
      await copy(await layoutOf(place, image), `docker://${reference}`);
    },
    pushBack: (reference) => copy(`dir:${folder}`, `docker://${reference}`),
  };
}

type Run = (...args: string[]) => Promise<string>;

/** What podman and buildah do alike. */
function ofContainers(place: ClientPlace, run: Run): Omit<CrossingClient, 'look'> {
  const pull = (from: string) => run('pull', '--quiet', PLAIN, from);
  return {
    pull: async (reference) => `sha256:${await pull(reference)}`,
    push: async (image, reference) => {
      await run('push', PLAIN, await pull(await layoutOf(place, image)), `docker://${reference}`);
    },
    pushBack: (reference) => run('push', PLAIN, reference, `docker://${reference}`),
  };
}

export function podman(place: ClientPlace): CrossingClient {
  const run: Run = (...args) => place.run('podman', [...podmanInPlace(place), ...args]);
  return {
    ...ofContainers(place, run),
    look: async (reference) => {
      const tree = await treeOfFolder(await run('image', 'mount', reference));
      await run('image', 'unmount', reference);
      return [{ tree }];
    },
  };
}

export function buildah(place: ClientPlace): CrossingClient {
  const run: Run = (...args) => place.run('buildah', [...buildahInPlace(place), ...args]);
  return {
    ...ofContainers(place, run),
    look: async (reference) => {
      const container = await run('from', '--pull-never', reference);
      const tree = await treeOfFolder(await run('mount', container));
      await run('rm', container);
      return [{ tree }];
    },
  };
}
