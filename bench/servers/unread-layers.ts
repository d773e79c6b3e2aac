import { setTimeout as sleep } from 'node:timers/promises';
import type { Drydock } from './drydock';

/** How many layers the server has not read yet for clients of v2. */
export async function unreadLayers(server: Drydock): Promise<number> {
  return server.count('select count(*) from blobs where unread_since is not null');
}

/** Waits until the server has read all its layers. */
export async function untilAllRead(server: Drydock): Promise<void> {
  while ((await unreadLayers(server)) > 0) await sleep(20);
}
