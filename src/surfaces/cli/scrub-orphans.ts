import { OPERATOR_ACTOR } from '../../features/access/actor';
import { compareStorageNow } from '../../features/maintenance/at-once';
import type { Comparison, ComparisonProgress } from '../../features/storage/comparison';
import { assertOnlyHub } from '../../features/storage/hubs';
import type { CommandParts } from './command-parts';
import { count, formatBytes, printJson, printLine, printTable } from './output';
import { ofTotal, withProgress } from './progress';

const HOUR_MS = 3_600_000;

/** As the hourly sweep. */
export const ORPHANS_OLDER_THAN_HOURS = 72;

/** How to compare. */
export interface OrphanOptions {
  readonly apply: boolean;
  readonly olderThan: number;
  readonly isJson: boolean;
}

function stateOf({ folders, totalFolders, objects, orphans, broken }: ComparisonProgress): string {
  const found = `${count(orphans, 'object')} without a row, ${count(broken, 'layer')} without bytes`;
  return `Compared ${ofTotal(folders, totalFolders, 'folders')}, ${count(objects, 'object')}; ${found}`;
}

/** `drydock scrub --orphans`: the exit status is 1 if a layer has lost its bytes. */
export async function scrubOrphans(
  parts: CommandParts,
  { apply: isApplied, olderThan, isJson }: OrphanOptions,
): Promise<void> {
  const found = await parts.withStorage(async (storage) => {
    if (isApplied) await assertOnlyHub(storage, storage.places);
    return withProgress((show) => {
      const onProgress = (progress: ComparisonProgress): void => show(stateOf(progress));
      return compareStorageNow(storage, OPERATOR_ACTOR, { olderThanMs: olderThan * HOUR_MS, isApplied, onProgress });
    });
  });
  if (isJson) printJson(toJson(found));
  else printFound(found, isApplied);
  if (found.broken > 0) process.exitCode = 1;
}

function toJson({ objects, bytes, rows, orphans, orphanBytes, deleted, broken, ...lists }: Comparison): object {
  return {
    objectCount: objects,
    sizeBytes: bytes,
    layerCount: rows,
    orphanCount: orphans,
    orphanSizeBytes: orphanBytes,
    deletedCount: deleted,
    brokenCount: broken,
    ...lists,
  };
}

function printFound(found: Comparison, isApplied: boolean): void {
  const { objects, bytes, rows, orphans, orphanBytes, deleted, broken, orphanKeys, brokenRows } = found;
  const lines = [
    ...orphanKeys.map((key) => [key, 'no row']),
    ...brokenRows.map(({ storageKey, damage }) => [storageKey, damage]),
  ];
  if (lines.length > 0) printTable(['OBJECT', 'PROBLEM'], lines);
  if (found.isContinued) printLine('This continued a comparison that was interrupted.');
  printLine(`${count(objects, 'object')}, ${formatBytes(bytes)}, compared with ${count(rows, 'layer')}.`);
  if (orphans > 0) {
    const end = isApplied ? `: ${deleted} deleted` : ': --apply deletes them';
    printLine(`${count(orphans, 'object')} without a row, ${formatBytes(orphanBytes)}${end}.`);
  }
  if (broken > 0) {
    const end = isApplied ? ': marked as damaged' : ': --apply marks them as damaged';
    printLine(`${count(broken, 'layer')} without bytes, or with too few${end}.`);
  }
  if (orphans === 0 && broken === 0) printLine('Each object has its row, and each layer its bytes.');
}
