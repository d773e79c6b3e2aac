import { randomUUID } from 'node:crypto';
import type { Db } from '../../platform/db/db';
import { UnknownWriteError, WriteBusyError } from '../resumable';
import * as rows from './resumable-rows.store';
import type { ResumableRow, ResumableState } from './resumable-rows.store';

/** A turn of a dead process ends by itself; a living one prolongs its turn three times in that time. */
const TURN_MS = 15_000;

/** The turn of a caller at a resumable write: no other caller works on it. */
export class Turn {
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly db: Db,
    readonly row: ResumableRow,
    private readonly id: string,
    private readonly ms: number,
  ) {
    this.timer = setInterval(() => void rows.prolongTurn(db, row.id, id, ms).catch(() => false), ms / 3).unref();
  }

  /** @throws UnknownWriteError, WriteBusyError */
  static async take(db: Db, writeId: string, ms = TURN_MS): Promise<Turn> {
    const id = randomUUID();
    const row = await rows.beginTurn(db, writeId, id, ms);
    if (row !== undefined) return new Turn(db, row, id, ms);
    if ((await rows.sizeOf(db, writeId)) === undefined) throw new UnknownWriteError(writeId);
    throw new WriteBusyError(writeId);
  }

  /**
   * Records what has arrived.
   *
   * @throws UnknownWriteError when the write was aborted, or another caller has taken over
   */
  async record(state: ResumableState): Promise<void> {
    if (!(await rows.record(this.db, this.row.id, this.id, state))) throw new UnknownWriteError(this.row.id);
  }

  /** Ends the write. @throws UnknownWriteError as `record` */
  async remove(tx: Db): Promise<void> {
    if ((await rows.remove(tx, this.row.id, this.id)) === undefined) throw new UnknownWriteError(this.row.id);
  }

  /** @throws UnknownWriteError when the write was aborted, or another caller has taken over */
  async assertMine(): Promise<void> {
    if (!(await rows.prolongTurn(this.db, this.row.id, this.id, this.ms))) throw new UnknownWriteError(this.row.id);
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await rows.endTurn(this.db, this.row.id, this.id).catch(() => undefined); // it ends by itself
  }
}
