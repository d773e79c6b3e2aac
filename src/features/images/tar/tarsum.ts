import { createHash, type Hash } from 'node:crypto';

import type { Budget } from './budget';
import { decompress } from './decompress';
import { TarError } from './tar-error';
import { readTar, type TarEntry } from './tar-reader';

export interface TarSums {
  /**
   * `tarsum+sha256:HEX`, one for each rule that some engine had; all are equal, and so only one, unless a path occurs
   * twice.
   */
  readonly tarsums: readonly string[];
  /** `sha256:HEX` of the uncompressed tar, trailer and all. */
  readonly tarSha256: string;
}

/**
 * The values that the final hash is ordered by. Only a digest of the path is kept, because the length of the path is
 * untrusted.
 */
interface EntrySum {
  readonly path: string;
  readonly digest: string;
}

const MAX_ENTRIES = 1_000_000;

/** Up to this number, the order of 1.3 and later is worth its quadratic cost. */
const MAX_ORDERED_ENTRIES = 2_000;

/**
 * Tarsum v0 of a layer with its image json, and the sum of the tar that docker 0.9 sent, in one pass (protocol 5.2).
 * The layer may be compressed. Throws a TarError when it is not a tar, or a BudgetSpent.
 */
export async function tarSum(layer: AsyncIterable<Buffer>, json: Buffer, budget: Budget): Promise<TarSums> {
  const tarHash = createHash('sha256');
  const sums: EntrySum[] = [];
  for await (const entry of readTar(hashed(budget.unpacked(decompress(budget.stored(layer))), tarHash))) {
    if (sums.length === MAX_ENTRIES) throw new TarError('the tar has too many entries');
    sums.push({ path: pathKey(entry.name), digest: await entryDigest(entry) });
  }
  const totals = orders(sums).map((digests) => `tarsum+sha256:${total(json, digests)}`);
  return { tarsums: [...new Set(totals)], tarSha256: `sha256:${tarHash.digest('hex')}` };
}

async function* hashed(bytes: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Step 2 of protocol 5.2: keys and values without separators, then the body. */
async function entryDigest(entry: TarEntry): Promise<string> {
  const facts: [string, Buffer | string | number][] = [
    ['name', entry.name],
    ['mode', entry.mode],
    ['uid', entry.uid],
    ['gid', entry.gid],
    ['size', entry.size],
    ['mtime', entry.mtime],
    ['typeflag', Buffer.from(entry.typeflag, 'latin1')],
    ['linkname', entry.linkname],
    ['uname', entry.uname],
    ['gname', entry.gname],
    ['devmajor', entry.devmajor],
    ['devminor', entry.devminor],
  ];
  const hash = createHash('sha256');
  for (const [key, value] of facts) hash.update(key).update(Buffer.isBuffer(value) ? value : String(value));
  for await (const chunk of entry.body) hash.update(chunk);
  return hash.digest('hex');
}

/** Two entries share a path when only a leading `./` or a trailing `/` differs. */
function pathKey(name: Buffer): string {
  const path = name.toString('latin1').replace(/^\.\//, '').replace(/\/$/, '');
  return createHash('sha256').update(path, 'latin1').digest('base64');
}

/** Step 3: how docker 1.3 and later, 0.8 to 1.2, and 0.6 to 0.7 order a path that occurs twice. */
function orders(sums: readonly EntrySum[]): string[][] {
  const all = sums.map(({ digest }) => digest).sort();
  const last = new Map(sums.map(({ path, digest }) => [path, digest]));
  if (last.size === sums.length) return [all];
  const lastOnly = [...last.values()].sort();
  return sums.length > MAX_ORDERED_ENTRIES ? [lastOnly, all] : [archiveOrder(sums), lastOnly, all];
}

/**
 * The digests in order, except that entries of one path keep the order of the archive. That is not a total order, so
 * the result depends on the algorithm: engines sort a short list by insertion, as this does. For longer lists with
 * several such paths, the result is one of those that obey the rule.
 */
function archiveOrder(sums: readonly EntrySum[]): string[] {
  const sorted: EntrySum[] = [];
  for (const sum of sums) {
    const goesAfter = (other: EntrySum): boolean => other.path === sum.path || other.digest <= sum.digest;
    sorted.splice(sorted.findLastIndex(goesAfter) + 1, 0, sum);
  }
  return sorted.map(({ digest }) => digest);
}

function total(json: Buffer, digests: readonly string[]): string {
  const hash = createHash('sha256').update(json);
  for (const digest of digests) hash.update(digest);
  return hash.digest('hex');
}
