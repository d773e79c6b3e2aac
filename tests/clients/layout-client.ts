import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ClientPlace, Ended } from './client-process';
import { createLayout, readLayout } from './layout';
import type { Client } from './suite';

/** What the three clients that keep images as layouts do alike. */
export interface LayoutCommands {
  /** Pushes the image of a folder. */
  push(folder: string, reference: string): Promise<Ended>;
  /** Pulls into a folder. */
  pull(reference: string, folder: string): Promise<Ended>;
}

/** A folder name for a reference. */
export function folderOf(reference: string): string {
  return reference.replaceAll(/[/:@]/g, '_');
}

/** The acts of a client that pushes from layouts and pulls into them. */
export function layoutClient(
  { dir }: ClientPlace,
  { push, pull }: LayoutCommands,
): Pick<Client, 'create' | 'push' | 'pull' | 'attemptPull'> {
  return {
    create: async (reference, motd) => createLayout(path.join(dir, folderOf(reference)), motd),
    push: (reference) => push(folderOf(reference), reference),
    pull: async (reference) => {
      const folder = path.join(dir, 'pulled', folderOf(reference));
      await rm(folder, { recursive: true, force: true });
      await mkdir(path.dirname(folder), { recursive: true });
      expect(await pull(reference, folder)).toMatchObject({ code: 0 });
      return readLayout(folder);
    },
    attemptPull: (reference) => pull(reference, path.join(dir, 'refused')),
  };
}
