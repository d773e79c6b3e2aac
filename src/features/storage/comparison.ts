import { BLOB_FOLDERS, KEY_ROOTS } from '../../blobs/paths';
import { inLongTransaction } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { BlobNeeds } from './blobs';
import * as store from './comparison.store';
import { setAside } from './damage';
import type { BlobDamage } from './damage.store';
import { deleteUnknown } from './deletions';

/*
 * The comparison of everything that is stored with everything that has a row, folder by folder: stored objects to which
 * no row points, and rows whose object is missing or has another length. Sweeps and readers find nearly all of these; the
 * comparison is for what nobody could know, such as a database that was restored to an earlier moment.
 *
 * Its position and what it has found are a row of `storage_comparisons`: after a kill the next one goes on. It keeps the
 * keys of one folder in memory, one of 256 in which the blobs of a store are. Listings may be late and in any order: a row is
 * only missing its object if the store, asked for it, says so.
 */

/** How to compare. */
export interface ComparisonOptions {
  /** spares objects that are younger */
  readonly olderThanMs: number;
  /** deletes objects without a row, and marks layers without their bytes as damaged; otherwise nothing changes */
  readonly isApplied: boolean;
  /** called after every folder */
  readonly onProgress?: (progress: ComparisonProgress) => void;
}

/** A row whose object is not as it should be. */
export interface BrokenRow {
  readonly digest: string;
  readonly storageKey: string;
  readonly damage: BlobDamage;
}

/** What a comparison has found so far. */
export interface Compared {
  /** stored objects, and their size */
  readonly objects: number;
  readonly bytes: number;
  /** rows, without those that are known to be damaged */
  readonly rows: number;
  /** objects to which no row points */
  readonly orphans: number;
  readonly orphanBytes: number;
  /** how many of them were deleted */
  readonly deleted: number;
  /** rows whose object is missing or has another length */
  readonly broken: number;
  /** the first of both kinds */
  readonly orphanKeys: readonly string[];
  readonly brokenRows: readonly BrokenRow[];
}

/** What is compared so far. */
export interface ComparisonProgress extends Compared {
  readonly folders: number;
  readonly totalFolders: number;
}

/** The result of a comparison. */
export interface Comparison extends Compared {
  /** it went on after one that was interrupted */
  readonly isContinued: boolean;
}

const NOTHING: Compared = {
  objects: 0,
  bytes: 0,
  rows: 0,
  orphans: 0,
  orphanBytes: 0,
  deleted: 0,
  broken: 0,
  orphanKeys: [],
  brokenRows: [],
};

const SHOWN = 100;
const AT_ONCE = 500;

/** How many objects the store is asked for at the same time. */
const ASKED_AT_ONCE = 16;

/** What was found before is of no use later. */
const CONTINUED_WITHIN_MS = 7 * 24 * 3_600_000;

/** At the end come the rows whose keys are in no folder. */
const PLACES: readonly (string | undefined)[] = [...BLOB_FOLDERS, undefined];

type Figures = { -readonly [K in keyof Compared]: Compared[K] };

/** The comparison of one folder. */
class FolderComparison {
  private readonly sizes = new Map<string, number>();
  private readonly found: Figures;

  /** @param before - what was found in other folders */
  constructor(
    private readonly ctx: BlobNeeds,
    private readonly options: ComparisonOptions,
    before: Compared,
  ) {
    this.found = { ...before };
  }

  /**
   * @param isEmpty - nothing is stored in the folder
   * @returns what was found before and now
   */
  async compare(folder: string | undefined, isEmpty: boolean): Promise<Compared> {
    if (folder !== undefined && !isEmpty) await this.compareObjects(folder);
    await this.compareRows(folder);
    return this.found;
  }

  private async compareObjects(folder: string): Promise<void> {
    const before = new Date(Date.now() - this.options.olderThanMs);
    let old = new Map<string, number>();
    for await (const { key, sizeBytes, modifiedAt } of this.ctx.blobs.list(folder)) {
      this.sizes.set(key, sizeBytes);
      this.found.objects += 1;
      this.found.bytes += sizeBytes;
      if (modifiedAt < before) old.set(key, sizeBytes);
      if (old.size < AT_ONCE) continue;
      await this.takeObjects(old);
      old = new Map();
    }
    await this.takeObjects(old);
  }

  private async takeObjects(old: ReadonlyMap<string, number>): Promise<void> {
    const expected = await store.findExpected(this.ctx.db, [...old.keys()]);
    const orphans = [...old].filter(([key]) => !expected.has(key));
    if (orphans.length === 0) return;
    const keys = orphans.map(([key]) => key);
    this.found.orphans += orphans.length;
    this.found.orphanBytes += orphans.reduce((sum, [, sizeBytes]) => sum + sizeBytes, 0);
    this.found.orphanKeys = [...this.found.orphanKeys, ...keys].slice(0, SHOWN);
    if (this.options.isApplied) this.found.deleted += (await deleteUnknown(this.ctx, keys)).deleted;
  }

  private async compareRows(folder: string | undefined): Promise<void> {
    for (let after = ''; ;) {
      const rows = await this.listRows(folder, after);
      this.found.rows += rows.length;
      const suspects = rows.filter(({ storageKey, sizeBytes }) => this.sizes.get(storageKey) !== sizeBytes);
      for (let at = 0; at < suspects.length; at += ASKED_AT_ONCE)
        await Promise.all(suspects.slice(at, at + ASKED_AT_ONCE).map((row) => this.takeRow(row)));
      if (rows.length < AT_ONCE) return;
      after = (folder === undefined ? rows.at(-1)?.digest : rows.at(-1)?.storageKey) ?? '';
    }
  }

  private async listRows(folder: string | undefined, after: string): Promise<store.ComparedRow[]> {
    const { db } = this.ctx;
    if (folder !== undefined) return store.listInFolder(db, folder, after, AT_ONCE);
    return inLongTransaction(db, (tx) => store.listElsewhere(tx, after, AT_ONCE));
  }

  /** The object may have been written after the listing, or the row be gone by now. */
  private async takeRow(row: store.ComparedRow): Promise<void> {
    const sizeBytes = await this.ctx.blobs.size(row.storageKey);
    if (sizeBytes === row.sizeBytes) return;
    if (!(await store.isRecorded(this.ctx.db, row))) return;
    const damage = sizeBytes === undefined ? 'missing' : 'wrong size';
    if (this.options.isApplied) await setAside(this.ctx, row, damage);
    const { digest, storageKey } = row;
    this.found.broken += 1;
    this.found.brokenRows = [...this.found.brokenRows, { digest, storageKey, damage } as const].slice(0, SHOWN);
  }
}

/** Most stores have blobs under one root alone: the folders of the other one need not be listed. */
async function listEmptyRoots({ blobs }: BlobNeeds): Promise<string[]> {
  const empty = [];
  for (const root of KEY_ROOTS) if (await blobs.isEmpty(root)) empty.push(root);
  return empty;
}

/**
 * Compares all stored objects with all rows of blobs, next to running servers, or goes on with a comparison with the same
 * options that was interrupted within the last week.
 *
 * @throws AppError `conflict` when another process goes on with the same one
 */
export async function compareStorage(ctx: BlobNeeds, options: ComparisonOptions): Promise<Comparison> {
  const open = await store.findOpen<Compared>(ctx.db, options, CONTINUED_WITHIN_MS);
  const { id, compared, found: before } = open ?? (await store.begin(ctx.db, options, NOTHING));
  const emptyRoots = await listEmptyRoots(ctx);
  let found = before;
  for (let folders = compared; folders < PLACES.length;) {
    const folder = PLACES[folders];
    const isEmpty = emptyRoots.some((root) => folder?.startsWith(root));
    found = await new FolderComparison(ctx, options, found).compare(folder, isEmpty);
    folders += 1;
    if (!(await store.advance(ctx.db, id, folders, found))) {
      throw new AppError('conflict', 'Another comparison of the storage is running: wait until it has ended');
    }
    options.onProgress?.({ ...found, folders, totalFolders: PLACES.length });
  }
  await store.end(ctx.db, id);
  return { ...found, isContinued: open !== undefined };
}
