import { rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { filesIn } from './file-moves';
import { fileSystemTime } from './file-system-time';
import { OngoingWork, SignsOfLife } from './signs-of-life';

async function touchAll(handles: readonly FileHandle[]): Promise<void> {
  const now = new Date();
  await Promise.allSettled(handles.map((handle) => handle.utimes(now, now)));
}

/**
 * The partial files of writes that are in progress in this process, and those that any process left.
 *
 * Each partial file is touched every few minutes by its writer, so that one that was not touched for long no longer has
 * a writer, on any host. All ages use the change time (ctime) of the files, because the file system sets it by one
 * clock, not by those of the hosts that share it.
 */
export class ArrivingFiles {
  private readonly signs: SignsOfLife<FileHandle>;
  private readonly writes = new OngoingWork();

  /**
   * @param root - of the store
   * @param folder - the folder of the partial files, below the root
   */
  constructor(
    private readonly root: string,
    private readonly folder: string,
    everyMs?: number,
  ) {
    this.signs = new SignsOfLife(touchAll, everyMs);
  }

  /** Keeps touching a partial file while `work` writes it. */
  async during<T>(handle: FileHandle, work: () => Promise<T>): Promise<T> {
    return this.signs.during(handle, work);
  }

  /** Lets `settled` wait until a write has fully ended, including the removal of what is left of it. */
  async track<T>(write: Promise<T>): Promise<T> {
    return this.writes.track(write);
  }

  /** Resolves when no write is in progress. */
  async settled(): Promise<void> {
    await this.writes.settled();
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
}
