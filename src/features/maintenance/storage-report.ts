import type { Needs } from '../../context';
import { inLongTransaction, inTransaction, type Db } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import { enqueue, type Job } from '../../platform/jobs/queue';
import type { Actor } from '../access/actor';
import { requireAdministratorLogin } from '../access/current-account';
import * as store from './storage-report.store';

/*
 * How much is stored for each namespace. Computing it reads every link of every repository, which takes seconds if
 * there are a million of them. So the figures are stored in the database, for all processes, with their time: a job
 * computes them again each hour. If that is quick, a reader also computes them again before they are noticeably old.
 */

/** The storage that a namespace uses. */
export interface NamespaceStorage {
  readonly namespace: string;
  readonly repositories: number;
  /** an image that two of its repositories have counts twice */
  readonly images: number;
  /** each once; a layer that another namespace also has counts there as well */
  readonly layers: number;
  /** of these layers */
  readonly bytes: number;
  /** the bytes that it may have, by its plan or its own limit; undefined: no limit */
  readonly limitBytes: number | undefined;
}

/** How much is stored, in total and for each namespace. */
export interface StorageReport {
  readonly asOf: Date;
  readonly repositories: number;
  /** an image that several repositories have counts once */
  readonly images: number;
  readonly blobs: number;
  /** of all blobs, each once */
  readonly bytes: number;
  readonly damagedLayers: number;
  /** when blobs were read back */
  readonly verification: { readonly lastWeek: number; readonly never: number; readonly oldest: Date | undefined };
  /** layers of v1 that were read for clients of v2, those that still have to be, and those of the former with a problem */
  readonly reading: { readonly done: number; readonly left: number; readonly unreadable: number };
  /** how many namespaces the list has */
  readonly total: number;
  readonly namespaces: readonly NamespaceStorage[];
}

const JOB = 'storage_report';

/** Readers do not wait longer than this, except for the very first figures. */
const QUICK_MS = 300;

/** Figures count as fresh for a thousand times as long as they took to compute. */
const WORTH = 1000;

function isFresh(totals: store.TotalsRow): boolean {
  return totals.took_ms > QUICK_MS || totals.age_ms < totals.took_ms * WORTH;
}

/** The totals, computed again if that is quick. The time limit of requests applies. */
async function totalsFor(db: Db): Promise<store.TotalsRow> {
  const known = await store.findTotals(db);
  if (known !== undefined && isFresh(known)) return known;
  const found = await inTransaction(db, async (tx) => {
    await store.lockFigures(tx);
    const meanwhile = await store.findTotals(tx);
    if (meanwhile !== undefined && isFresh(meanwhile)) return meanwhile;
    await store.renewFigures(tx);
    return store.findTotals(tx);
  });
  if (found === undefined) throw new Error('the storage totals were not saved');
  return found;
}

/** The very first figures may take longer than a request: then the job computes them. */
async function totalsOrLater(db: Db): Promise<store.TotalsRow> {
  try {
    return await totalsFor(db);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'unavailable') throw error;
    const known = await store.findTotals(db);
    if (known !== undefined) return known;
    await enqueue(db, JOB, {}, { key: JOB });
    const message = 'Storage use is being counted for the first time: try again in a few minutes';
    throw new AppError('unavailable', message, { cause: error, retryAfterSeconds: 60 });
  }
}

/** How much was stored when it was counted last. It is not counted now, because anyone may ask. */
export async function findStorageTotals(
  ctx: Needs<'db'>,
): Promise<Pick<StorageReport, 'repositories' | 'bytes' | 'damagedLayers'> | undefined> {
  const known = await store.findTotals(ctx.db);
  return known && { repositories: known.repositories, bytes: known.bytes, damagedLayers: known.damaged };
}

/**
 * How much is stored by each namespace, the largest first, and in total; up to an hour old, see `asOf`.
 *
 * @param range - of the namespaces
 * @throws AppError `unavailable` while the storage is counted for the first time, `unauthenticated`, `inactive`,
 *   `forbidden`
 */
export async function storageReport(ctx: Needs<'db'>, actor: Actor, range: Range): Promise<StorageReport> {
  await requireAdministratorLogin(ctx, actor);
  const { as_of: asOf, repositories, images, blobs, bytes, ...row } = await totalsOrLater(ctx.db);
  const { total, rows } = await store.list(ctx.db, range);
  const namespaces = rows.map(({ limit_bytes: limit, ...namespace }) => ({
    ...namespace,
    limitBytes: limit ?? undefined,
  }));
  const oldest = row.oldest_verification ?? undefined;
  const verification = { lastWeek: row.verified_last_week, never: row.never_verified, oldest };
  const reading = { done: row.layers_read, left: row.layers_unread, unreadable: row.layers_unreadable };
  const figures = { repositories, images, blobs, bytes, damagedLayers: row.damaged, verification, reading };
  return { asOf, ...figures, total, namespaces };
}

/** Computes the figures again, after a change that readers look for at once. */
export async function renewStorageReport(ctx: Needs<'db'>): Promise<void> {
  await inLongTransaction(ctx.db, async (tx) => {
    await store.lockFigures(tx);
    await store.renewFigures(tx);
  });
}

/** The job that computes the figures again each hour. */
export function storageReportJob(ctx: Needs<'db'>): Job {
  return {
    name: JOB,
    schedule: '47 * * * *',
    run: () => renewStorageReport(ctx),
  };
}
