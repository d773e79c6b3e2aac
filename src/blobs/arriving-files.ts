import { rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { filesIn } from './file-moves';
import { fileSystemTime } from './file-system-time';

/** A slow client may send nothing for minutes, and a megabyte is written at once. */
const SIGN_OF_LIFE_MS = 5 * 60_000;

/**
 * The partial files of writes that are in progress in this process, and those that any process left.
 *
 * Each partial file is touched every few minutes by its writer, so that one that was not touched for long no longer has
 * a writer, on any host. All ages use the change time (ctime) of the files, because the file system sets it by one
 * clock, not by those of the hosts that share it.
 */
export class ArrivingFiles {
  private readonly handles = new Set<FileHandle>();
  private readonly writes = new Set<Promise<unknown>>();
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param root - of the store
   * @param folder - the folder of the partial files, below the root
   */
  constructor(
    private readonly root: string,
    private readonly folder: string,
    private readonly everyMs = SIGN_OF_LIFE_MS,
  ) {}

  /** Keeps touching a partial file while `work` writes it. */
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

  /** Lets `settled` wait until a write has fully ended, including the removal of what is left of it. */
  async track<T>(write: Promise<T>): Promise<T> {
    this.writes.add(write);
    try {
      return await write;
    } finally {
      this.writes.delete(write);
    }
  }

  /** Resolves when no write is in progress. */
  async settled(): Promise<void> {
    while (this.writes.size > 0) await Promise.allSettled(this.writes);
  }

  /**
   * Removes partial files without a writer.
   *
   * @param idleMs - how long nobody has touched them
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
