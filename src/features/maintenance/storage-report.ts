import type { Needs } from '../../context';
import { inLongTransaction, inTransaction, type Db } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import { AppError } from '../../platform/errors';
import { enqueue, type Job } from '../../platform/jobs/queue';
import type { Actor } from '../access/actor';
import { requireAdministratorLogin } from '../access/current-account';
import * as store from './storage-report.store';

/*
 * What is stored, and for whom. To find it reads every link of every repository, which takes seconds where there are a
 * million of them. So the figures are kept in the database, for all processes, and say of when they are: a job finds
 * them anew each hour. Where that is quick, whoever reads them does, too, before they are old enough to be noticed.
 */

/** What a namespace holds. */
export interface NamespaceStorage {
  readonly namespace: string;
  readonly repositories: number;
  /** one that two of its repositories have counts twice */
  readonly images: number;
  /** each once; one that another namespace has, too, counts there as well */
  readonly layers: number;
  /** of these layers */
  readonly bytes: number;
}

/** What is stored, and for whom. */
export interface StorageReport {
  readonly asOf: Date;
  readonly repositories: number;
  /** one that several repositories have counts once */
  readonly images: number;
  readonly blobs: number;
  /** of all blobs, each once */
  readonly bytes: number;
  readonly damagedLayers: number;
  /** when blobs were read back */
  readonly verification: { readonly lastWeek: number; readonly never: number; readonly oldest: Date | undefined };
  /** how many namespaces the list has */
  readonly total: number;
  readonly namespaces: readonly NamespaceStorage[];
}

const JOB = 'storage_report';

/** A reader need not wait longer than this, except for the first figures of all. */
const QUICK_MS = 300;

/** Figures are as good as fresh for a thousand times the time that they took. */
const WORTH = 1000;

function isFresh(totals: store.TotalsRow): boolean {
  return totals.took_ms > QUICK_MS || totals.age_ms < totals.took_ms * WORTH;
}

/** The totals, found anew when that is quick. Readers have the time limit of every request. */
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
  if (found === undefined) throw new Error('the totals of the storage were not kept');
  return found;
}

/** The first figures of all may take longer than a request: then the job finds them. */
async function totalsOrLater(db: Db): Promise<store.TotalsRow> {
  try {
    return await totalsFor(db);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'unavailable') throw error;
    const known = await store.findTotals(db);
    if (known !== undefined) return known;
    await enqueue(db, JOB, {}, { key: JOB });
    const message = 'What is stored is being counted for the first time; look again in some minutes';
    throw new AppError('unavailable', message, { cause: error, retryAfterSeconds: 60 });
  }
}

/**
 * What is stored by namespace, the biggest first, and in all; up to an hour old, as `asOf` says.
 *
 * @param range - of the namespaces
 * @throws AppError `unavailable` while it is counted for the first time, `unauthenticated`, `inactive`, `forbidden`
 */
export async function storageReport(ctx: Needs<'db'>, actor: Actor, range: Range): Promise<StorageReport> {
  await requireAdministratorLogin(ctx, actor);
  const { as_of: asOf, repositories, images, blobs, bytes, ...row } = await totalsOrLater(ctx.db);
  const { total, rows: namespaces } = await store.list(ctx.db, range);
  const oldest = row.oldest_verification ?? undefined;
  const verification = { lastWeek: row.verified_last_week, never: row.never_verified, oldest };
  return { asOf, repositories, images, blobs, bytes, damagedLayers: row.damaged, verification, total, namespaces };
}

/** Finds the figures anew each hour. */
export function storageReportJob(ctx: Needs<'db'>): Job {
  return {
    name: JOB,
    schedule: '47 * * * *',
    run: () =>
      inLongTransaction(ctx.db, async (tx) => {
        await store.lockFigures(tx);
        await store.renewFigures(tx);
      }),
  };
}
