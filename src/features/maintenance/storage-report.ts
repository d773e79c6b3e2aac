import type { Needs } from '../../context';
import { BriefCache } from '../../platform/cache/brief-cache';
import { inLongTransaction, type Db } from '../../platform/db/db';
import type { Range } from '../../platform/db/query';
import type { Actor } from '../accounts/actor';
import { getAdministrator } from './administrator';
import * as store from './storage-report.store';

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
  /** how many namespaces the list has: at most a thousand, the biggest */
  readonly total: number;
  readonly namespaces: readonly NamespaceStorage[];
}

const NAMESPACES = 1000;
const LONGEST_MS = 300_000;

type Whole = Omit<StorageReport, 'total'>;

/** It reads every link of every repository, so it is remembered for as long as it was worth: of each database. */
const reports = new WeakMap<Db, BriefCache<Whole>>();

async function load(db: Db): Promise<Whole> {
  return inLongTransaction(db, async (tx) => {
    const { as_of: asOf, damaged, ...row } = await store.totals(tx);
    const namespaces = await store.listBiggest(tx, NAMESPACES);
    const { repositories, images, blobs, bytes } = row;
    const oldest = row.oldest_verification ?? undefined;
    const verification = { lastWeek: row.verified_last_week, never: row.never_verified, oldest };
    return { asOf, repositories, images, blobs, bytes, damagedLayers: damaged, verification, namespaces };
  });
}

/**
 * What is stored by namespace, the biggest first, and in all; some seconds or minutes old, as `asOf` says.
 *
 * @param range - of the namespaces
 * @throws AppError `unauthenticated`, `inactive`, `forbidden`
 */
export async function storageReport(ctx: Needs<'db'>, actor: Actor, { limit, offset }: Range): Promise<StorageReport> {
  await getAdministrator(ctx, actor);
  const cache = reports.get(ctx.db) ?? new BriefCache<Whole>({ entries: 1, longestMs: LONGEST_MS });
  reports.set(ctx.db, cache);
  const whole = await cache.get('', () => load(ctx.db));
  const namespaces = whole.namespaces.slice(offset, offset + limit);
  return { ...whole, total: whole.namespaces.length, namespaces };
}
