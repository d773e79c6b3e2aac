import { InvalidArgumentError, type Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { scrubNow } from '../../features/maintenance/at-once';
import type { Scrubbed, ScrubProgress } from '../../features/storage/scrub';
import { displayName } from '../../features/repositories/names';
import { count, formatBytes, printError, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';

const DEFAULT_RATE = 50;
const MEGABYTE = 1_000_000;
const PROGRESS_MS = 10_000;
const SHORT_ID = 12;

interface ScrubOptions extends ListingOptions {
  readonly rate: number;
}

const ABOUT = `read all stored layers back and set aside what is damaged, safely beside a running server

Lists the repositories that a damaged layer concerns. Push one of their images again to repair it: the same layer is
repaired for all of them. Ends with 1 when anything is damaged. The running server scrubs slowly by itself every night.`;

function parseRate(text: string): number {
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number of megabytes a second.');
}

/** Tells people who wait, on stderr, now and then. */
function reporter(): (progress: ScrubProgress) => void {
  let dueAt = Date.now() + PROGRESS_MS;
  return ({ layers, bytes, damaged }) => {
    if (Date.now() < dueAt) return;
    dueAt = Date.now() + PROGRESS_MS;
    printError(`${count(layers, 'layer')} so far, ${formatBytes(bytes)}, ${damaged} damaged`);
  };
}

/** `drydock scrub`. */
export function addScrubCommand(program: Command, parts: CommandParts): void {
  program
    .command('scrub')
    .summary('find damaged layers')
    .description(ABOUT)
    .option('--rate <megabytes>', 'how many to read a second; 0: as many as the disk gives', parseRate, DEFAULT_RATE)
    .option('--json', 'print the result as JSON')
    .action(async ({ rate, json }: ScrubOptions) => {
      const bytesPerSecond = rate === 0 ? undefined : rate * MEGABYTE;
      const options = { olderThanMs: 0, bytesPerSecond, onProgress: reporter() };
      const found = await parts.withContext((ctx) => scrubNow(ctx, OPERATOR_ACTOR, options));
      if (json === true) printJson(toJson(found));
      else printFound(found);
      if (found.damaged.length > 0) process.exitCode = 1;
    });
}

function toJson({ layers, bytes, damaged, restored }: Scrubbed): object {
  return { layerCount: layers, sizeBytes: bytes, damaged, restored };
}

function short(digestOrId: string): string {
  return digestOrId.replace(/^sha256:/, '').slice(0, SHORT_ID);
}

function printFound({ layers, bytes, damaged, restored }: Scrubbed): void {
  const rows = damaged.flatMap(({ digest, damage, repositories }) => {
    if (repositories.length === 0) return [[short(digest), damage, '-', '-', '-']];
    return repositories.map((hit) => [
      short(digest),
      damage,
      displayName(hit),
      hit.imageIds.map(short).join(' '),
      hit.tags.join(' '),
    ]);
  });
  if (rows.length > 0) printTable(['LAYER', 'DAMAGE', 'REPOSITORY', 'IMAGES', 'TAGS'], rows);
  if (restored.length > 0) printLine(`${count(restored.length, 'layer')} found whole again.`);
  const result = damaged.length === 0 ? 'all whole' : `${damaged.length} damaged`;
  printLine(`${count(layers, 'layer')} read, ${formatBytes(bytes)}: ${result}.`);
}
