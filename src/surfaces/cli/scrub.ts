import type { Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { scrubNow } from '../../features/maintenance/at-once';
import type { Scrubbed, ScrubProgress } from '../../features/storage/scrub';
import { count, formatBytes, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { DAMAGE_HEADER, damageRows } from './damage-rows';
import { parseHours } from './hours';
import { ofTotal, ofTotalBytes, withProgress } from './progress';
import { bytesPerSecondOf, parseRate } from './rate';
import { ORPHANS_OLDER_THAN_HOURS, scrubOrphans } from './scrub-orphans';

const DEFAULT_RATE = 50;

interface ScrubOptions extends ListingOptions {
  readonly rate: number;
  readonly orphans?: boolean;
  readonly apply?: boolean;
  readonly olderThan?: number;
}

const ABOUT = `read back all stored layers and quarantine damaged ones; safe to run beside a server

Lists the repositories that use a damaged layer. To repair the layer, push one of their images again: this repairs it in
all of them. Exits with 1 if anything is damaged. The running server also scrubs slowly every night. Layers in a bucket that
checks and keeps their sha256 are not read, except for a share.

With --orphans it reads no layer, but compares the list of everything that is stored with the database, in both directions.
It changes nothing without --apply. After an interruption the same command goes on where it stopped. Run it after the
database was restored, or once in a while: the servers remove what crashes leave without it.`;

function stateOf({ layers, totalLayers, bytes, totalBytes, damaged }: ScrubProgress): string {
  return `Read ${ofTotal(layers, totalLayers, 'layers')}, ${ofTotalBytes(bytes, totalBytes)}; ${damaged} damaged`;
}

/** `drydock scrub`. */
export function addScrubCommand(program: Command, parts: CommandParts): void {
  program
    .command('scrub')
    .summary('find damaged layers')
    .description(ABOUT)
    .option('--rate <megabytes>', 'how much to read per second; 0 for no limit', parseRate, DEFAULT_RATE)
    .option('--orphans', 'compare stored objects with the database instead')
    .option('--apply', 'with --orphans: delete objects without a row, and mark layers without bytes as damaged')
    .option(
      '--older-than <hours>',
      `with --orphans: spare younger objects (default: ${ORPHANS_OLDER_THAN_HOURS})`,
      parseHours,
    )
    .option('--json', 'print the result as JSON')
    .action(async ({ rate, json, orphans, apply, olderThan }: ScrubOptions, command: Command) => {
      if (orphans === true) {
        const hours = olderThan ?? ORPHANS_OLDER_THAN_HOURS;
        return scrubOrphans(parts, { apply: apply === true, olderThan: hours, isJson: json === true });
      }
      if (apply === true || olderThan !== undefined) command.error('error: --apply and --older-than need --orphans.');
      const bytesPerSecond = bytesPerSecondOf(rate);
      const found = await parts.withContext((ctx) =>
        withProgress((show) => {
          const onProgress = (progress: ScrubProgress): void => show(stateOf(progress));
          return scrubNow(ctx, OPERATOR_ACTOR, { olderThanMs: 0, bytesPerSecond, onProgress });
        }),
      );
      if (json === true) printJson(toJson(found));
      else printFound(found);
      if (found.damaged.length > 0) process.exitCode = 1;
    });
}

function toJson({ layers, bytes, vouched, damaged, restored }: Scrubbed): object {
  return { layerCount: layers, sizeBytes: bytes, checkedByStore: vouched ?? 0, damaged, restored };
}

function printFound({ layers, bytes, vouched, damaged, restored }: Scrubbed): void {
  if (damaged.length > 0) printTable(DAMAGE_HEADER, damageRows(damaged));
  if (restored.length > 0) printLine(`${count(restored.length, 'layer')} found intact again.`);
  const result = damaged.length === 0 ? 'all intact' : `${damaged.length} damaged`;
  printLine(`${count(layers, 'layer')} read, ${formatBytes(bytes)}: ${result}.`);
  if (vouched !== undefined)
    printLine(`Of ${count(vouched, 'layer')} the store checked the bytes itself; they were not read.`);
}
