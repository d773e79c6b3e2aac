import { randomBytes } from 'node:crypto';
import { constants, copyFile, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../platform/error-code';
import { syncDirectory } from '../platform/files/sync-directory';
import { ArrivingFiles } from './arriving-files';
import { isNotFound, translateFull } from './file-moves';
import { fileSystemTime } from './file-system-time';
import { RESUMABLE } from './paths';
import { UnknownWriteError, WriteBusyError } from './resumable';
import { settle } from './settle';

/*
 * Callers take turns at a resumable write, whatever process on whatever host they are in. A write is a folder:
 *
 *   bytes-<n>     the bytes that have arrived
 *   digest-<n>    the digest of bytes-<n>; see `known-digests.ts`
 *   turn-<n>      a caller is working on bytes-<n>, and touches this file every few seconds
 *
 * A caller that finds a turn that has not been touched for a while takes the next number, copies the bytes and continues
 * with the copy. The number makes this safe: a process that was suspended and wakes up still writes to the old file, which
 * nothing reads, and learns at its end that its turn is over. So a file has one writer at a time, and the bytes that were
 * hashed for a commit cannot change afterwards.
 */

/** A turn at a write: no other caller works on its bytes. */
export interface Turn {
  readonly number: number;
  /** of the bytes */
  readonly file: string;
}

/** When a turn counts as dead. */
export interface TurnTimes {
  /** how often a caller at work touches its turn */
  readonly signOfLifeMs: number;
  /** time without a touch after which its process counts as dead; a touch may be late */
  readonly deadAfterMs: number;
}

const USUAL: TurnTimes = { signOfLifeMs: 2000, deadAfterMs: 15_000 };

const NAME = /^(bytes|turn)-(\d{1,9})$/;

interface Numbers {
  /** the bytes that count; undefined: there are none */
  readonly bytes: number | undefined;
  /** the highest of all */
  readonly last: number;
  readonly hasTurn: boolean;
}

async function numbersIn(folder: string): Promise<Numbers> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isNotFound(error)) return [];
    throw error;
  });
  const of = (kind: string): number[] =>
    names.flatMap((name) => {
      const [, found, number] = NAME.exec(name) ?? [];
      return found === kind ? [Number(number)] : [];
    });
  const bytes = Math.max(-1, ...of('bytes'));
  const turn = Math.max(-1, ...of('turn'));
  return { bytes: bytes < 0 ? undefined : bytes, last: Math.max(bytes, turn), hasTurn: turn >= bytes };
}

/** The file that has the bytes of a write; undefined when there is no such write. */
export async function findBytes(folder: string): Promise<string | undefined> {
  const { bytes } = await numbersIn(folder);
  return bytes === undefined ? undefined : path.join(folder, bytesName(bytes));
}

/** The name of the bytes of a turn. */
export function bytesName(number: number): string {
  return `bytes-${number}`;
}

const turnName = (number: number): string => `turn-${number}`;

/** Copies the bytes to the new turn; removes the old bytes and turns once the copy is safe. */
async function copyBytes(id: string, folder: string, from: number, { number, file }: Turn): Promise<void> {
  const copy = path.join(folder, `copy-${randomBytes(4).toString('hex')}`);
  try {
    await copyFile(path.join(folder, bytesName(from)), copy, constants.COPYFILE_FICLONE);
    const handle = await open(copy, 'r+');
    await handle.sync().finally(() => handle.close());
    await rename(copy, file);
    await syncDirectory(folder);
  } catch (error) {
    throw isNotFound(error) ? new WriteBusyError(id) : translateFull(error);
  } finally {
    await rm(copy, { force: true });
  }
  for (let old = from; old < number; old += 1) {
    await rm(path.join(folder, bytesName(old)), { force: true });
    await rm(path.join(folder, turnName(old)), { force: true });
  }
}

/** Gives turns at the writes of a store. */
export class WriteTurns {
  private readonly signs: ArrivingFiles;

  /** @param root - of the store */
  constructor(
    private readonly root: string,
    private readonly times: TurnTimes = USUAL,
  ) {
    this.signs = new ArrivingFiles(root, RESUMABLE, times.signOfLifeMs);
  }

  /**
   * Runs `work` while no other caller works on the write.
   *
   * @param folder - of the write
   * @throws UnknownWriteError, WriteBusyError; whatever `work` throws
   */
  async take<T>(id: string, folder: string, work: (turn: Turn) => Promise<T>): Promise<T> {
    const { bytes, last, hasTurn } = await numbersIn(folder);
    if (bytes === undefined) throw new UnknownWriteError(id);
    if (hasTurn && !(await this.isDead(path.join(folder, turnName(last))))) throw new WriteBusyError(id);
    const number = hasTurn ? last + 1 : last;
    const sign = await open(path.join(folder, turnName(number)), 'wx').catch((error: unknown) => {
      if (hasCode(error, 'EEXIST')) throw new WriteBusyError(id);
      throw isNotFound(error) ? new UnknownWriteError(id) : error;
    });
    const turn = { number, file: path.join(folder, bytesName(number)) };
    try {
      return await this.signs.during(sign, async () => {
        if (hasTurn) await copyBytes(id, folder, bytes, turn);
        await this.assertMine(id, folder, turn);
        return work(turn);
      });
    } finally {
      await settle([sign.close(), rm(path.join(folder, turnName(number)), { force: true })]);
    }
  }

  /**
   * Checks that no other caller has taken over the write: then the bytes of this turn are those of the write.
   *
   * @throws UnknownWriteError, WriteBusyError
   */
  async assertMine(id: string, folder: string, { number }: Turn): Promise<void> {
    const { bytes, last } = await numbersIn(folder);
    if (bytes === undefined) throw new UnknownWriteError(id);
    if (last !== number) throw new WriteBusyError(id);
  }

  private async isDead(file: string): Promise<boolean> {
    const now = await fileSystemTime(this.root);
    const stats = await stat(file).catch(() => undefined);
    return stats !== undefined && now - stats.ctimeMs > this.times.deadAfterMs;
  }
}
