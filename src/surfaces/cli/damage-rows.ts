import { displayName } from '../../features/repositories/names';
import type { DamagedBlob } from '../../features/storage/damage';

const SHORT_ID = 12;

/** The header of a table of damaged layers. */
export const DAMAGE_HEADER: readonly string[] = ['LAYER', 'DAMAGE', 'REPOSITORY', 'IMAGES', 'TAGS'];

function short(digestOrId: string): string {
  return digestOrId.replace(/^sha256:/, '').slice(0, SHORT_ID);
}

/** The rows: one for each repository that has the layer. */
export function damageRows(damaged: readonly DamagedBlob[]): string[][] {
  return damaged.flatMap(({ digest, damage, repositories }) => {
    if (repositories.length === 0) return [[short(digest), damage, '-', '-', '-']];
    return repositories.map((hit) => [
      short(digest),
      damage,
      displayName(hit),
      hit.imageIds.map(short).join(' '),
      hit.tags.join(' '),
    ]);
  });
}
