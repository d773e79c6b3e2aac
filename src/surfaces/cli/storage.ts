import { InvalidArgumentError, type Command } from 'commander';
import { parseStorageLocation, type StorageLocation } from '../../blobs/storage-location';
import type { Places } from '../../blobs/place';
import { copyStorage } from '../../features/storage/copy';
import { forgetPlace, listPlaces } from '../../features/storage/places';
import type { CommandParts, ListingOptions } from './command-parts';
import { formatTime, printJson, printLine, printTable } from './output';
import { withProgress } from './progress';
import { confirmUnlessYes, YES, type YesOption } from './terminal';
import { bytesPerSecondOf, parseRate } from './rate';
import { printReport, stateOf, toJson } from './storage-report';

const ABOUT_COPY = `copy all layers to another place, while servers run

Set DRYDOCK_STORAGE to the new place and DRYDOCK_STORAGE_ALSO to the old one, restart the servers, and run this with the same
settings on a host that sees both. Servers write to the new place, and read the old one for what is not copied yet. Each layer is
compared with its digest on its way. After an interruption, run it again: it continues, and reads no copied layer again. At the end
it says whether DRYDOCK_STORAGE_ALSO can be removed; the old place keeps its layers. Exits with 1 if a layer is damaged or missing,
or if servers still write to the old place.

With several hosts, first set DRYDOCK_STORAGE_ALSO to the new place on all of them and restart them, so that each finds what
others write. From then on, --to with the new place copies most layers ahead of time.`;

const ABOUT_FORGET = `take the layers of a place for lost, so that servers start without it

For a disk or a bucket that will not come back. Its layers become damaged when they are read; push their images again.`;

const AT_ONCE = 4;
const MOST_AT_ONCE = 64;

interface CopyOptions extends ListingOptions {
  readonly to?: StorageLocation;
  readonly rate: number;
  readonly atOnce: number;
  readonly dryRun?: boolean;
}

function parsePlace(text: string): StorageLocation {
  const location = parseStorageLocation(text);
  if (location !== undefined) return location;
  throw new InvalidArgumentError('Expected s3://bucket/prefix, file: or file:/directory.');
}

function parseAtOnce(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= MOST_AT_ONCE) return number;
  throw new InvalidArgumentError(`Expected a number from 1 to ${MOST_AT_ONCE}.`);
}

function isAt(location: string, wanted: StorageLocation): boolean {
  const found = parseStorageLocation(location);
  if (wanted.kind === 'files') {
    return found?.kind === 'files' && (wanted.directory ?? found.directory) === found.directory;
  }
  return found?.kind === 'bucket' && found.bucket === wanted.bucket && found.prefix === wanted.prefix;
}

/** Whether a copy goes to the place that servers do not write to. */
function isToOther({ current, other }: Places, to: StorageLocation | undefined): boolean {
  if (to === undefined || isAt(current.location, to)) return false;
  if (other !== undefined && isAt(other.location, to)) return true;
  throw new Error('--to must be the place of DRYDOCK_STORAGE or DRYDOCK_STORAGE_ALSO');
}

function addCopy(storage: Command, parts: CommandParts): void {
  storage
    .command('copy')
    .summary('copy all layers to another place, while servers run')
    .description(ABOUT_COPY)
    .option('--to <place>', 'where to; otherwise to DRYDOCK_STORAGE', parsePlace)
    .option('--rate <megabytes>', 'how much to copy per second; 0 for no limit', parseRate, 0)
    .option('--at-once <layers>', 'how many layers to copy at once', parseAtOnce, AT_ONCE)
    .option('--dry-run', 'say what there is to copy, and change nothing')
    .option('--json', 'print the report as JSON')
    .action(async ({ to, rate, atOnce, dryRun: isDryRun = false, json }: CopyOptions) => {
      await parts.withStorage(async (data) => {
        const toOther = isToOther(data.places, to);
        const { reserveBytes } = data;
        const options = { toOther, isDryRun, bytesPerSecond: bytesPerSecondOf(rate), reserveBytes, atOnce };
        const report = await withProgress((show) =>
          copyStorage(data, { ...options, onProgress: (at) => show(stateOf(at)) }),
        );
        if (json === true) printJson(toJson(report));
        else printReport(report, { isDryRun, toOther });
        const isDone = isDryRun || toOther || report.isEnd;
        if (report.damaged.length > 0 || !isDone) process.exitCode = 1;
      });
    });
}

/** `drydock storage`. */
export function addStorageCommands(program: Command, parts: CommandParts): void {
  const storage = program.command('storage').description('see and change where the layers are');
  addCopy(storage, parts);
  storage
    .command('list')
    .description('list the places in use: those that may have layers which no other place has')
    .option('--json', 'print the list as JSON')
    .action(async ({ json }: ListingOptions) => {
      const places = await parts.withData((data) => listPlaces(data), { creates: false });
      if (json === true) printJson(places.map(({ location, since }) => ({ location, since })));
      else
        printTable(
          ['PLACE', 'SINCE'],
          places.map(({ location, since }) => [location, formatTime(since)]),
        );
    });
  storage
    .command('forget <place>')
    .summary('take the layers of a place for lost')
    .description(ABOUT_FORGET)
    .option(...YES)
    .action(async (place: string, options: YesOption) => {
      await confirmUnlessYes(options, `Take the layers in ${place} for lost?`);
      await parts.withData((data) => forgetPlace(data, place), { creates: false });
      printLine(`Servers start without ${place} now.`);
    });
}
