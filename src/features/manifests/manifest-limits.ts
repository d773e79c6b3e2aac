import { ContentError } from './content-error';

/*
 * How much a manifest may list. Its size alone does not limit the work: four megabytes have room for two million entries,
 * each of which is checked and may be wrong, and forty thousand blobs, each of which becomes a row.
 */

/** Of layers, or of the manifests of an index. Docker reads 125 layers. */
const LIST_ENTRIES = 10_000;

/** Of all fields and entries. */
const VALUES = 200_000;

function tooMuch(message: string): ContentError {
  return new ContentError('manifest_invalid', message);
}

function hasMoreValues(value: unknown, limit: number): boolean {
  const waiting = [value];
  let seen = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    const values: unknown[] = Array.isArray(next) ? next : Object.values(next);
    seen += values.length;
    if (seen > limit) return true;
    for (const each of values) waiting.push(each);
  }
  return false;
}

/**
 * Checks what could be expensive before anything else is read.
 *
 * @param value - the JSON of a manifest
 * @throws ContentError `manifest_invalid`
 */
export function assertManageable(value: unknown): void {
  const { layers, manifests } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  for (const list of [layers, manifests]) {
    if (Array.isArray(list) && list.length > LIST_ENTRIES)
      throw tooMuch(`A manifest can list at most ${LIST_ENTRIES} layers or manifests`);
  }
  if (hasMoreValues(value, VALUES)) throw tooMuch(`A manifest can have at most ${VALUES} fields and entries`);
}
