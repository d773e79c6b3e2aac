import { rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { filesIn } from './file-moves';
import { fileSystemTime } from './file-system-time';

/** A slow client may send nothing for minutes, and a megabyte is written at once. */
const SIGN_OF_LIFE_MS = 5 * 60_000;

/**
 * The halves of writes that go on in this process, and those that any process left behind.
 *
 * Each half is touched every few minutes by its writer, so that one that nobody has touched for long has no writer any
 * more, on whatever host that was. All ages are by the change time (ctime) of the files: the file system sets it, by one
 * clock, and not the hosts that share it.
 */
export class ArrivingFiles {
  private readonly handles = new Set<FileHandle>();
  private readonly writes = new Set<Promise<unknown>>();
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param root - of the store
   * @param folder - where the halves are, below the root
   */
  constructor(
    private readonly root: string,
    private readonly folder: string,
    private readonly everyMs = SIGN_OF_LIFE_MS,
  ) {}

  /** Gives signs of life for a half while `work` writes it. */
  async during<T>(handle: FileHandle, work: () => Promise<T>): Promise<T> {
    this.handles.add(handle);
    this.timer ??= setInterval(() => void this.touchAll(), this.everyMs).unref();
    try {
      return await work();
    } finally {
      this.handles.delete(handle);
      if (this.handles.size === 0) {
        clearInterval(this.timer);
        this.timer = undefined;
      }
    }
  }

  /** Lets `settled` wait for a write to its very end, with the removal of what is left of it. */
  async track<T>(write: Promise<T>): Promise<T> {
    this.writes.add(write);
    try {
      return await write;
    } finally {
      this.writes.delete(write);
    }
  }

  /** Resolves when no write goes on. */
  async settled(): Promise<void> {
    while (this.writes.size > 0) await Promise.allSettled(this.writes);
  }

  /**
   * Removes halves without a writer.
   *
   * @param idleMs - for how long nobody has touched them
   * @returns how many were removed
   */
  async sweep(idleMs: number): Promise<number> {
    const before = (await fileSystemTime(this.root)) - idleMs;
    let removed = 0;
    for await (const file of filesIn(path.join(this.root, this.folder))) {
      const name = path.join(this.root, this.folder, file.name);
      const stats = await stat(name).catch(() => undefined);
      if (stats === undefined || stats.ctimeMs >= before) continue;
      await rm(name, { force: true });
      removed += 1;
    }
    return removed;
  }

  private async touchAll(): Promise<void> {
    const now = new Date();
    await Promise.allSettled([...this.handles].map((handle) => handle.utimes(now, now)));
  }
}
