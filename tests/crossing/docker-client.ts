import { mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ClientPlace } from '../clients/client-process';
import { packTar } from '../features/images/tar/pack-tar';
import { hex } from '../helpers/crossing-images';
import { chainIdsOf } from './chain-ids';
import type { CrossingClient, Seen } from './clients';
import type { SourceImage } from './rich-image';
import { treeOfFolder } from './tree/folder';
import { treeOfLayers } from './tree/layers';

/*
 * The driver vfs keeps each layer as a folder with all files of the layers below. It copies them from folder to folder, of
 * their extended attributes `security.capability` alone: measured with docker 20.10, the folder of the base has the
 * others, the folders above do not.
 */
const COPIED_BY_VFS = /: xattr user\.\S+ missing, /;

/** An archive for `docker load`. */
function archiveOf({ config, layers }: SourceImage, reference: string): Buffer {
  const names = layers.map((_, at) => `${at}/layer.tar`);
  const manifest = [{ Config: 'config.json', RepoTags: [reference], Layers: names }];
  return packTar(
    { name: 'manifest.json', body: Buffer.from(JSON.stringify(manifest)) },
    { name: 'config.json', body: Buffer.from(JSON.stringify(config)) },
    ...layers.map((body, at) => ({ name: names[at] ?? '', body })),
  );
}

/** @param socket - of the daemon of the place */
export function docker(place: ClientPlace, socket: string): CrossingClient {
  const run = (...args: string[]) => place.run('docker', ['--host', socket, ...args]);

  /** The image as docker hands it on. */
  async function saved(reference: string): Promise<Seen> {
    const folder = await mkdtemp(path.join(place.dir, 'saved-'));
    await run('save', '--output', path.join(folder, 'image.tar'), reference);
    await place.run('tar', ['--extract', '--file', path.join(folder, 'image.tar'), '--directory', folder]);
    const read = (name: string): Promise<Buffer> => readFile(path.join(folder, name));
    const [image] = JSON.parse((await read('manifest.json')).toString()) as { Layers: string[] }[];
    const tree = treeOfLayers(await Promise.all((image?.Layers ?? []).map(read)));
    await rm(folder, { recursive: true });
    return { tree };
  }

  /** The files as a container gets them. An export would have lost fractions of times, and has files of the container. */
  async function unpacked(reference: string): Promise<Seen> {
    const diffIds = JSON.parse(
      await run('image', 'inspect', '--format', '{{json .RootFS.Layers}}', reference),
    ) as string[];
    const data = path.join(place.dir, 'docker-data');
    const id = await readFile(
      path.join(data, 'image/vfs/layerdb/sha256', hex(chainIdsOf(diffIds).at(-1) ?? ''), 'cache-id'),
      'utf8',
    );
    return { tree: await treeOfFolder(path.join(data, 'vfs/dir', id)), excepts: COPIED_BY_VFS };
  }

  return {
    pull: async (reference) => {
      await run('pull', reference);
      return run('image', 'inspect', '--format', '{{.Id}}', reference);
    },
    look: async (reference) => [await saved(reference), await unpacked(reference)],
    push: async (image, reference) => {
      await place.run('docker', ['--host', socket, 'load'], archiveOf(image, reference));
      await run('push', reference);
    },
    pushBack: (reference) => run('push', reference),
  };
}
