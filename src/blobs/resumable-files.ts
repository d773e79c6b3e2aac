import { randomBytes } from 'node:crypto';
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { createDirectory } from '../platform/files/create-directory';
import { ArrivingFiles } from './arriving-files';
import { settle } from './settle';
import type { StoredBlob } from './stored-blob';
import { filesIn, isNotFound, moveIntoPlace, translateFull } from './file-moves';
import { fileSystemTime } from './file-system-time';
import { limited } from './limited-bytes';
import { OpenWrite, type VerifiedWrite } from './open-write';
import { RESUMABLE } from './paths';
import { UnknownWriteError, type ResumableWrites, type UnfinishedWrite } from './resumable';
import { RunningWrites } from './running-writes';
import { WriteTurns, bytesName, findBytes, type Turn, type TurnTimes } from './write-turns';

const ID = /^[0-9a-f]{32}$/;

async function openBytes(id: string, turn: Turn): Promise<FileHandle> {
  return open(turn.file, 'r+').catch((error: unknown) => {
    throw isNotFound(error) ? new UnknownWriteError(id) : error;
  });
}

/** Keeps resumable writes as folders below the root of a store; see `write-turns.ts`. */
export class ResumableFiles implements ResumableWrites {
  private readonly turns: WriteTurns;
  private readonly going: ArrivingFiles;
  private readonly running = new RunningWrites();

  constructor(
    private readonly root: string,
    times?: TurnTimes,
  ) {
    this.turns = new WriteTurns(root, times);
    this.going = new ArrivingFiles(root, RESUMABLE);
  }

  async start(): Promise<string> {
    const id = randomBytes(16).toString('hex');
    const folder = this.folderOf(id);
    try {
      await createDirectory(folder);
      await (await open(path.join(folder, bytesName(0)), 'wx')).close();
      return id;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw translateFull(error);
    }
  }

  async offset(id: string): Promise<number | undefined> {
    const file = ID.test(id) ? await findBytes(this.folderOf(id)) : undefined;
    if (file === undefined) return undefined;
    return (await stat(file).catch(() => undefined))?.size;
  }

  async append(id: string, offset: number, bytes: AsyncIterable<Buffer>, limitBytes = Infinity): Promise<number> {
    return this.inTurn(id, async (write, turn) => {
      const end = await write.append(offset, limited(id, bytes, { from: offset, limitBytes }));
      await this.turns.assertMine(id, this.folderOf(id), turn);
      return end;
    });
  }

  async finish(id: string, offset: number, bytes: AsyncIterable<Buffer>, digest: string): Promise<StoredBlob> {
    return this.lastTurn(id, (write) => write.finish(offset, bytes, digest));
  }

  async commit(id: string, digest: string): Promise<StoredBlob> {
    return this.lastTurn(id, (write) => write.complete(digest));
  }

  /** Runs `work` while no other caller works on the write. */
  private async inTurn<T>(id: string, work: (write: OpenWrite, turn: Turn) => Promise<T>): Promise<T> {
    const whole = this.turns.take(id, this.folderOf(id), async (turn) => {
      const handle = await openBytes(id, turn);
      try {
        return await work(new OpenWrite(this.root, id, turn, handle, this.running), turn);
      } finally {
        await handle.close();
      }
    });
    return this.going.track(whole);
  }

  /** Moves verified bytes to where they belong. Resolves when they are there; what is left of the write goes afterwards. */
  private async lastTurn(id: string, verify: (write: OpenWrite) => Promise<VerifiedWrite>): Promise<StoredBlob> {
    return new Promise((resolve, reject) => {
      this.inTurn(id, async (write, turn) => {
        const verified = await verify(write);
        resolve(await this.place(id, turn, verified));
        await verified.remembered;
        // A folder that remains is swept.
        await rm(this.folderOf(id), { recursive: true, force: true }).catch(() => undefined);
      }).catch(reject);
    });
  }

  private async place(id: string, turn: Turn, { blob, bytes, started }: VerifiedWrite): Promise<StoredBlob> {
    await this.turns.assertMine(id, this.folderOf(id), turn);
    const placed = moveIntoPlace(turn.file, path.join(this.root, blob.key), bytes);
    await settle([placed, started]).catch((error: unknown) => {
      throw isNotFound(error) ? new UnknownWriteError(id) : translateFull(error);
    });
    return blob;
  }

  async abort(id: string): Promise<void> {
    if (!ID.test(id)) return;
    this.running.forget(id);
    await rm(this.folderOf(id), { recursive: true, force: true, maxRetries: 3 });
  }

  async *list(): AsyncIterable<UnfinishedWrite> {
    const now = await fileSystemTime(this.root);
    for await (const { id, sizeBytes, changedMs } of this.find()) {
      if (sizeBytes !== undefined) yield { id, sizeBytes, idleMs: Math.max(0, now - changedMs) };
    }
  }

  async sweep(idleMs: number): Promise<number> {
    const before = (await fileSystemTime(this.root)) - idleMs;
    let removed = 0;
    for await (const { id, changedMs } of this.find()) {
      if (changedMs >= before) continue;
      await this.abort(id);
      removed += 1;
    }
    return removed;
  }

  /** Resolves when no write is in progress. */
  async settled(): Promise<void> {
    return this.going.settled();
  }

  /** All folders, including those whose bytes do not exist yet or no longer exist. */
  private async *find(): AsyncIterable<{ id: string; sizeBytes: number | undefined; changedMs: number }> {
    for await (const { name: id } of filesIn(path.join(this.root, RESUMABLE))) {
      if (!ID.test(id)) continue;
      const folder = this.folderOf(id);
      const file = await findBytes(folder);
      const stats = await stat(file ?? folder).catch(() => undefined);
      if (stats === undefined) continue;
      yield { id, sizeBytes: file === undefined ? undefined : stats.size, changedMs: stats.ctimeMs };
    }
  }

  private folderOf(id: string): string {
    if (!ID.test(id)) throw new UnknownWriteError(id);
    return path.join(this.root, RESUMABLE, id);
  }
}
