import { LRUCache } from 'lru-cache';
import { StorageRoom, type StorageLimits } from './storage-room';

const NAMESPACES = 1000;

/** A room for each that has a limit of its own; what is not used for long is forgotten, and asked for again. */
export class StorageRooms {
  private readonly rooms = new LRUCache<string, { readonly limitBytes: number; readonly room: StorageRoom }>({
    max: NAMESPACES,
  });

  /**
   * The room of one name. Another limit than the last time begins with a new one.
   *
   * @param usedBytes - asks for the sum of all processes
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
