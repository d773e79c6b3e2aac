import type { ListedBlob } from './blob-store';

const BATCH = 500;

/**
 * The keys of listed blobs that are older than this, in batches. The times of blobs come from the host that wrote them.
 */
export async function* keysOlderThan(
  listed: AsyncIterable<ListedBlob>,
  olderThanMs: number,
): AsyncIterable<readonly string[]> {
  const before = new Date(Date.now() - olderThanMs);
  let keys: string[] = [];
  for await (const { key, modifiedAt } of listed) {
    if (modifiedAt < before) keys.push(key);
    if (keys.length < BATCH) continue;
    yield keys;
    keys = [];
  }
  if (keys.length > 0) yield keys;
}
