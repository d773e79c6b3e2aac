import type { Command } from 'commander';
import { displayName } from '../../features/repositories/names';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { GC_OLDER_THAN_HOURS } from '../../features/images/gc';
import { totalOf, type Freed, type GcProgress } from '../../features/images/gc-progress';
import { collectGarbageNow } from '../../features/maintenance/at-once';
import { count, formatBytes, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { parseHours } from './hours';
import { ofTotal, withProgress } from './progress';

const HOUR_MS = 3_600_000;

interface GcOptions extends ListingOptions {
  readonly dryRun?: boolean;
  readonly olderThan: number;
}

const ABOUT = `free images and manifests that no tag reaches; safe to run during pushes

Lists what was freed, by repository. Manifests without a tag are kept for as many days as DRYDOCK_KEEP_UNTAGGED says. What deleted repositories and interrupted pushes leave behind is removed by the
running server.`;

/** `drydock gc`. */
export function addGcCommand(program: Command, parts: CommandParts): void {
  program
    .command('gc')
    .summary('free images and manifests that no tag reaches')
    .description(ABOUT)
    .option('--dry-run', 'only list what would be freed')
    .option(
      '--older-than <hours>',
      'keep images announced more recently than this; pushes in progress are always safe',
      parseHours,
      GC_OLDER_THAN_HOURS,
    )
    .option('--json', 'print the list as JSON')
    .action(async ({ dryRun = false, olderThan, json }: GcOptions) => {
      const freed = await parts.withContext((ctx) =>
        withProgress((show) => {
          const onProgress = (progress: GcProgress): void => show(stateOf(progress));
          return collectGarbageNow(ctx, OPERATOR_ACTOR, { olderThanMs: olderThan * HOUR_MS, dryRun, onProgress });
        }),
      );
      if (json === true) printJson(freed.map(toJson));
      else printFreed(freed, dryRun);
    });
}

function stateOf({ done, repositories, images, manifests, bytes }: GcProgress): string {
  const found = `${count(images, 'image')}, ${count(manifests, 'manifest')}, ${formatBytes(bytes)}`;
  return `Searched ${ofTotal(done, repositories, 'repositories')}; garbage: ${found}`;
}

function toJson({ namespace, name, images, manifests, blobs, bytes }: Freed): object {
  return { namespace, name, imageCount: images, manifestCount: manifests, layerCount: blobs, sizeBytes: bytes };
}

function printFreed(freed: readonly Freed[], dryRun: boolean): void {
  if (freed.length === 0) {
    printLine('Nothing to free.');
    return;
  }
  printTable(
    ['REPOSITORY', 'IMAGES', 'MANIFESTS', 'LAYERS', 'SIZE'],
    freed.map((one) => [displayName(one), one.images, one.manifests, one.blobs, formatBytes(one.bytes)]),
  );
  const { images, manifests, bytes } = totalOf(freed);
  const counts = `${count(images, 'image')}, ${count(manifests, 'manifest')}`;
  printLine(`${counts}, ${formatBytes(bytes)} ${dryRun ? 'would be freed' : 'freed'}.`);
}
