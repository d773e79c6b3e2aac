import type { Command } from 'commander';
import { backUp } from '../../features/backups/back-up';
import type { Manifest } from '../../features/backups/manifest';
import { restore } from '../../features/backups/restore';
import { verifyBackup } from '../../features/backups/verify';
import { stateOf } from './backup-progress';
import type { CommandParts } from './command-parts';
import { count, formatBytes, formatTime, printError, printLine } from './output';
import { withProgress } from './progress';

const ABOUT_BACKUP = `back up the database and all layers into a directory; safe to run next to a server

The directory holds one backup: the state of the database at the beginning, and the layers that it needs. Run again, the
command copies only the layers that are missing, and replaces the older backup at the end; after an interruption it continues.
The backup has the password hashes and secrets of all accounts, so only its owner may read it. Not in it: sessions of
browsers, unfinished uploads, waiting jobs, the configuration and certificates.`;

const ABOUT_RESTORE = `restore a backup into an empty database and data directory

Fills the database of DATABASE_URL, or an embedded one, and DRYDOCK_DATA_DIR. It refuses to overwrite anything. The version of
Postgres may differ from that of the backup, and Drydock may be newer. After an interruption, run it again to continue: no server
starts before it has ended.`;

const ABOUT_VERIFY = `read a whole backup and compare it with its manifest; needs no database

Exits with 1 if anything is missing or damaged.`;

function contentsOf({ tables, layers }: Manifest): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const parts = [count(tables.length, 'table'), count(rows, 'row'), count(layers.count, 'layer')];
  return `${parts.join(', ')}, ${formatBytes(layers.totalBytes)}`;
}

function reportDamage(digests: readonly string[], advice: string): void {
  for (const digest of digests) printError(`damaged: ${digest}`);
  if (digests.length === 0) return;
  printError(`${count(digests.length, 'layer')} damaged: ${advice}`);
  process.exitCode = 1;
}

function addBackup(program: Command, parts: CommandParts): void {
  program
    .command('backup <directory>')
    .summary('back up the database and all layers into a directory')
    .description(ABOUT_BACKUP)
    .action(async (directory: string) => {
      const { version } = parts;
      const { manifest, newLayers, newBytes, damaged } = await parts.withStorage((data) =>
        withProgress((show) => backUp(data, directory, { version, onProgress: (at) => show(stateOf(at)) })),
      );
      printLine(`Backed up: ${contentsOf(manifest)}; copied ${count(newLayers, 'layer')}, ${formatBytes(newBytes)}.`);
      const advice = 'run drydock scrub, which names the repositories, and push their images again.';
      reportDamage(
        damaged.map(({ digest }) => digest),
        advice,
      );
    });
}

function addRestore(program: Command, parts: CommandParts): void {
  program
    .command('restore <directory>')
    .summary('restore a backup into an empty database and data directory')
    .description(ABOUT_RESTORE)
    .option('--verify', 'read all layers back afterwards and compare them with the backup')
    .action(async (directory: string, { verify = false }: { verify?: boolean }) => {
      const { manifest, missing } = await parts.withData(
        (data) => withProgress((show) => restore(data, directory, { verify, onProgress: (at) => show(stateOf(at)) })),
        { creates: true },
      );
      const from = formatTime(new Date(manifest.createdAt));
      printLine(`Restored the backup of ${from} UTC: ${contentsOf(manifest)}.`);
      if (verify) printLine('All rows were counted and all layers were read back.');
      reportDamage(missing, 'push their images again; drydock scrub names the repositories.');
    });
}

/** `drydock backup`, `drydock restore` and `drydock verify-backup`. */
export function addBackupCommands(program: Command, parts: CommandParts): void {
  addBackup(program, parts);
  addRestore(program, parts);
  program
    .command('verify-backup <directory>')
    .summary('read a whole backup and compare it with its manifest')
    .description(ABOUT_VERIFY)
    .action(async (directory: string) => {
      const { manifest, problems } = await withProgress((show) => verifyBackup(directory, (at) => show(stateOf(at))));
      for (const problem of problems) printError(`damaged: ${problem}`);
      if (problems.length > 0) process.exitCode = 1;
      const result = problems.length === 0 ? 'all intact' : `${problems.length} damaged`;
      printLine(`Backup of ${formatTime(new Date(manifest.createdAt))} UTC: ${contentsOf(manifest)}: ${result}.`);
    });
}
