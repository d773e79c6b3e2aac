import { randomBytes } from 'node:crypto';
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { createDirectory } from '../platform/files/create-directory';
import { ArrivingFiles } from './arriving-files';
import type { StoredBlob } from './stored-blob';
import { filesIn, isNotFound, moveIntoPlace, syncDirectory, translateFull } from './file-moves';
import { fileSystemTime } from './file-system-time';
import { digestsOf, isSha512, sha512Of } from './hashing';
import { SourceBrokeOff, sumsOfFile, writeInOrder } from './ordered-write';
import { RESUMABLE, newBlobKey } from './paths';
import {
  UnknownWriteError,
  WriteDigestError,
  WriteOffsetError,
  WriteTooLongError,
  type ResumableWrites,
  type UnfinishedWrite,
} from './resumable';
import { RunningWrites, forgetSums } from './running-writes';
import { WriteTurns, bytesName, findBytes, type Turn, type TurnTimes } from './write-turns';

const ID = /^[0-9a-f]{32}$/;

function sha512OfFile(handle: FileHandle): Promise<string> {
  return sha512Of(handle.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>);
}

async function* upTo(
  id: string,
  room: number,
  limitBytes: number,
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  let left = room;
  for await (const chunk of bytes) {
    left -= chunk.length;
    if (left < 0) throw new WriteTooLongError(id, limitBytes);
    yield chunk;
  }
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
      const created = await createDirectory(folder);
      await (await open(path.join(folder, bytesName(0)), 'wx')).close();
      await syncDirectory(folder);
      await syncDirectory(path.dirname(folder));
      if (created !== folder) await syncDirectory(this.root);
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
    const folder = this.folderOf(id);
    const work = this.turns.take(id, folder, async (turn) => {
      const handle = await this.openBytes(id, turn);
      try {
        const { size } = await handle.stat();
        if (size !== offset) throw new WriteOffsetError(id, size);
        const end = await this.appendTo(handle, id, turn, offset, upTo(id, limitBytes - offset, limitBytes, bytes));
        await this.turns.assertMine(id, folder, turn);
        return end;
      } finally {
        await handle.close();
      }
    });
    return this.going.track(work);
  }

  private async appendTo(
    handle: FileHandle,
    id: string,
    { number }: Turn,
    offset: number,
    bytes: AsyncIterable<Buffer>,
  ): Promise<number> {
    const sums = this.running.take(id, { number, offset });
    const settle = async (end: number): Promise<void> => {
      await handle.datasync();
      if (sums !== undefined) this.running.keep(id, { number, offset: end, sums });
    };
    try {
      const end = await writeInOrder(handle, offset, bytes, sums);
      await settle(end);
      return end;
    } catch (error) {
      const isBrokenOff = error instanceof SourceBrokeOff;
      const reason = isBrokenOff ? error.reason : error;
      if (isBrokenOff && !(reason instanceof WriteTooLongError)) {
        await settle(error.end);
        throw reason;
      }
      if (sums !== undefined) forgetSums(sums);
      await handle.truncate(offset);
      throw translateFull(reason);
    }
  }

  async commit(id: string, digest: string): Promise<StoredBlob> {
    const folder = this.folderOf(id);
    const work = this.turns.take(id, folder, async (turn) => {
      const found = await this.verify(id, turn, digest);
      await this.turns.assertMine(id, folder, turn);
      await moveIntoPlace(turn.file, path.join(this.root, found.key)).catch((error: unknown) => {
        throw isNotFound(error) ? new UnknownWriteError(id) : translateFull(error);
      });
      // The bytes are where they belong; an empty folder that remains is swept.
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
      return found;
    });
    return this.going.track(work);
  }

  /** Syncs the bytes to the disk, and gives them the age of the blob that they become. */
  private async verify(id: string, turn: Turn, digest: string): Promise<StoredBlob> {
    const handle = await this.openBytes(id, turn);
    try {
      const { size } = await handle.stat();
      const running = this.running.take(id, { number: turn.number, offset: size });
      const sums = await (running === undefined ? sumsOfFile(handle) : running.end());
      const found = digestsOf(sums);
      const sha512 = isSha512(digest) ? await sha512OfFile(handle) : undefined;
      const actual = sha512 ?? found.digest;
      if (actual !== digest) throw new WriteDigestError(id, actual);
      const now = new Date();
      await handle.utimes(now, now);
      await handle.sync();
      const added = sha512 === undefined ? {} : { sha512 };
      return { ...found, ...added, sizeBytes: size, key: newBlobKey(sums.sha256Hex) };
    } finally {
      await handle.close();
    }
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

  private async openBytes(id: string, turn: Turn): Promise<FileHandle> {
    return open(turn.file, 'r+').catch((error: unknown) => {
      throw isNotFound(error) ? new UnknownWriteError(id) : error;
    });
  }

  private folderOf(id: string): string {
    if (!ID.test(id)) throw new UnknownWriteError(id);
    return path.join(this.root, RESUMABLE, id);
  }
}
