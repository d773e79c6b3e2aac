import { randomBytes } from 'node:crypto';
import type { Db } from '../../platform/db/db';
import { UnknownWriteError, type ResumableWrites, type UnfinishedWrite } from '../resumable';
import { RunningWrites } from '../running-writes';
import { OngoingWork } from '../signs-of-life';
import type { StoredBlob } from '../stored-blob';
import type { Bucket } from './bucket';
import { newObjectKey } from './object-keys';
import { deleteObjects } from './object-deletion';
import * as pending from './pending-writes.store';
import { ResumableWrite } from './resumable-write';
import * as rows from './resumable-rows.store';
import { Turn } from './turns';

const ID = /^[0-9a-f]{32}$/;
const LISTED_AT_ONCE = 500;

/** Keeps resumable writes in a bucket, and their state in Postgres; see `resumable-write.ts`. */
export class S3Resumable implements ResumableWrites {
  private readonly running = new RunningWrites();
  private readonly turns = new OngoingWork();

  constructor(
    private readonly bucket: Bucket,
    private readonly db: Db,
  ) {}

  async start(): Promise<string> {
    const id = randomBytes(16).toString('hex');
    await rows.insert(this.db, id, newObjectKey());
    return id;
  }

  async offset(id: string): Promise<number | undefined> {
    return ID.test(id) ? rows.sizeOf(this.db, id) : undefined;
  }

  async append(id: string, offset: number, bytes: AsyncIterable<Buffer>, limitBytes = Infinity): Promise<number> {
    return this.inTurn(id, (write) => write.append(offset, bytes, limitBytes));
  }

  async finish(id: string, offset: number, bytes: AsyncIterable<Buffer>, digest: string): Promise<StoredBlob> {
    return this.inTurn(id, async (write) => {
      await write.append(offset, bytes, Infinity);
      return this.committed(id, await write.commit(digest));
    });
  }

  async commit(id: string, digest: string): Promise<StoredBlob> {
    return this.inTurn(id, async (write) => this.committed(id, await write.commit(digest)));
  }

  async abort(id: string): Promise<void> {
    await this.removeObjects(ID.test(id) ? await rows.remove(this.db, id) : undefined);
  }

  async *list(): AsyncIterable<UnfinishedWrite> {
    for (let after = ''; ;) {
      const page = await rows.listAfter(this.db, after, LISTED_AT_ONCE);
      yield* page;
      if (page.length < LISTED_AT_ONCE) return;
      after = page.at(-1)?.id ?? '';
    }
  }

  async sweep(idleMs: number): Promise<number> {
    for (let removed = 0; ;) {
      const ids = await rows.findIdle(this.db, idleMs, LISTED_AT_ONCE);
      for (const id of ids) if (await this.removeObjects(await rows.removeIdle(this.db, id, idleMs))) removed += 1;
      if (ids.length < LISTED_AT_ONCE) return removed;
    }
  }

  /** Resolves when no write is in progress. */
  async settled(): Promise<void> {
    await this.turns.settled();
  }

  /** What this leaves when it is cut off, the sweep of dead writes finds by the rows of the objects. */
  private async removeObjects(row: rows.ResumableRow | undefined): Promise<boolean> {
    if (row === undefined) return false;
    const { id, key, uploadId, tailKey } = row;
    this.running.forget(id);
    if (uploadId !== null) await this.bucket.abortParts(key, uploadId);
    else if (await pending.isBegun(this.db, key)) await this.bucket.abortAllParts(key); // the id was not recorded
    const keys = tailKey === null ? [key] : [key, tailKey];
    await deleteObjects(this.bucket, this.db, keys);
    return true;
  }

  private committed(id: string, blob: StoredBlob): StoredBlob {
    this.running.forget(id);
    return blob;
  }

  /** Runs `work` while no other caller works on the write. */
  private async inTurn<T>(id: string, work: (write: ResumableWrite) => Promise<T>): Promise<T> {
    if (!ID.test(id)) throw new UnknownWriteError(id);
    const { bucket, db, running } = this;
    const turn = await Turn.take(db, id);
    return this.turns.track(work(new ResumableWrite({ bucket, db, running }, turn)).finally(() => turn.end()));
  }
}
