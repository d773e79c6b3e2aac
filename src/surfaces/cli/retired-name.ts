import type { Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { freeRetiredName, listRetiredNames } from '../../features/repositories/retired-names';
import { formatTime, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

/** `drydock retired-name …`. */
export function addRetiredNameCommands(program: Command, parts: CommandParts): void {
  const retired = program
    .command('retired-name')
    .description('list and free names of deleted accounts and repositories by which hosts may still pull');
  retired
    .command('list')
    .description('list the names that nobody can take')
    .option('--json', 'print the list as JSON')
    .action(async ({ json }: ListingOptions) => {
      const { names } = await parts.withContext((ctx) => listRetiredNames(ctx, OPERATOR_ACTOR));
      if (json === true) printJson(names);
      else
        printTable(
          ['NAME', 'SINCE (UTC)'],
          names.map(({ name, since }) => [name, formatTime(since)]),
        );
    });
  retired
    .command('free')
    .description('let anybody take a name; hosts that still pull by it will trust whoever does')
    .argument('<name>', 'a namespace, or namespace/name for the former name of a repository')
    .option(...YES)
    .action(async (name: string, options: YesOption) => {
      await confirmUnlessYes(options, `Let anybody take ${name}?`);
      await parts.withContext((ctx) => freeRetiredName(ctx, OPERATOR_ACTOR, name));
      printLine(`${name} is free.`);
    });
}
