import { digestOf } from '../helpers/v2-client';

/** What each layer is together with those below it, the base first (OCI image-spec, config.md). */
export function chainIdsOf(diffIds: readonly string[]): string[] {
  const ids: string[] = [];
  for (const diffId of diffIds) {
    const below = ids.at(-1);
    ids.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return ids;
}
