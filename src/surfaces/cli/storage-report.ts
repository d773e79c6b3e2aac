import type { CopyReport } from '../../features/storage/copy';
import type { CopyProgress } from '../../features/storage/copy-run';
import { count, formatBytes, printLine, printTable } from './output';
import { damageRows, DAMAGE_HEADER } from './damage-rows';
import { ofTotal, ofTotalBytes } from './progress';

/** How far a copy is, as a line. */
export function stateOf({ blobs, bytes, total, damaged }: CopyProgress): string {
  return `Copied ${ofTotal(blobs, total.blobs, 'layers')}, ${ofTotalBytes(bytes, total.bytes)}; ${damaged} damaged`;
}

/** The report for scripts. */
export function toJson(report: CopyReport): object {
  const { from, to, copied, present, damaged, isEnd, writers, unfinishedUploads } = report;
  const sizes = ({ blobs, bytes }: CopyReport['copied']): object => ({ layerCount: blobs, sizeBytes: bytes });
  const processes = writers.map(({ host, pid }) => ({ host, pid }));
  const rest = { isEnd, writers: processes, unfinishedUploadCount: unfinishedUploads };
  return { from, to, copied: sizes(copied), present: sizes(present), damaged, ...rest };
}

function printEnd({ from, to, isEnd, writers, unfinishedUploads }: CopyReport, toOther: boolean): void {
  const hosts = [...new Set(writers.map(({ host }) => host))].sort().join(', ');
  if (isEnd) {
    printLine(`Nothing is needed in ${from} any longer: remove DRYDOCK_STORAGE_ALSO and restart the servers.`);
    printLine(`The layers in ${from} stay until you delete them; also those that users delete from now on.`);
    if (unfinishedUploads > 0) {
      printLine(
        `${count(unfinishedUploads, 'upload')} in pieces began there. Clients have to begin again those that are`,
      );
      printLine('unfinished when DRYDOCK_STORAGE_ALSO is removed; none lives longer than a day.');
    }
  } else if (toOther) {
    printLine(
      `Servers write to ${from} still: set DRYDOCK_STORAGE=${to} and DRYDOCK_STORAGE_ALSO=${from}, restart them,`,
    );
    printLine('and run this again without --to.');
  } else if (writers.length > 0) {
    printLine(
      `${count(writers.length, 'process', 'processes')} on ${hosts} still write to ${from}: set DRYDOCK_STORAGE=${to}`,
    );
    printLine('there, restart them, and run this again.');
  }
}

/** Prints the report of a copy. */
export function printReport(
  report: CopyReport,
  options: { readonly isDryRun: boolean; readonly toOther: boolean },
): void {
  const { from, to, copied, present, damaged } = report;
  const { isDryRun, toOther } = options;
  if (damaged.length > 0) printTable(DAMAGE_HEADER, damageRows(damaged));
  const verb = isDryRun ? 'To copy: ' : 'Copied ';
  const there = `${count(present.blobs, 'layer')}, ${formatBytes(present.bytes)}`;
  printLine(`${verb}${count(copied.blobs, 'layer')}, ${formatBytes(copied.bytes)}, from ${from} to ${to}.`);
  printLine(`There already: ${there}. Damaged or missing: ${damaged.length}.`);
  if (!isDryRun) printEnd(report, toOther);
}
