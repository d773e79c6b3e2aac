import { LRUCache } from 'lru-cache';
import { StorageRoom, type StorageLimits } from './storage-room';

const NAMESPACES = 1000;

/**
 * One room for each subject that has a limit of its own. A room that was not used for long is forgotten and its usage
 * is read again.
 */
export class StorageRooms {
  private readonly rooms = new LRUCache<string, { readonly limitBytes: number; readonly room: StorageRoom }>({
    max: NAMESPACES,
  });

  /**
   * Returns the room of one name. A changed limit creates a new room.
   *
   * @param usedBytes - reads the total of all processes
   */
  roomOf(
    name: string,
    limits: Required<Pick<StorageLimits, 'overLimit'>> & { readonly limitBytes: number },
    usedBytes: () => Promise<number>,
  ): StorageRoom {
    const known = this.rooms.get(name);
    if (known?.limitBytes === limits.limitBytes) return known.room;
    const gauge = { usedBytes, freeBytes: () => Promise.resolve(undefined) };
    const room = new StorageRoom({ ...limits, reserveBytes: 0 }, gauge);
    this.rooms.set(name, { limitBytes: limits.limitBytes, room });
    return room;
  }
}
