import type { Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { freeRetiredName, listRetiredNames } from '../../features/repositories/retired-names';
import { formatTime, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

/** What the release of a namespace's name does not end at once. */
const OF_NAMESPACES = [
  'If it was the former name of an account, logins by it end within five minutes.',
  'Former names in it that lead to repositories stay taken: `drydock repo aliases` and `alias-delete` list and release them.',
];

/** `drydock retired-name …`. */
export function addRetiredNameCommands(program: Command, parts: CommandParts): void {
  const retired = program
    .command('retired-name')
    .description('list and release the names of deleted or renamed accounts, which hosts may still pull by');
  retired
    .command('list')
    .description('list the reserved names')
    .option('--json', 'print the list as JSON')
    .action(async ({ json }: ListingOptions) => {
      const { names } = await parts.withContext((ctx) => listRetiredNames(ctx, OPERATOR_ACTOR));
      if (json === true) printJson(names);
      else
        printTable(
          ['NAME', 'SINCE (UTC)', 'NOW CALLED'],
          names.map(({ name, since, heldBy }) => [name, formatTime(since), heldBy ?? '-']),
        );
    });
  retired
    .command('free')
    .description('release a name for anyone to take; hosts that still pull by it will trust its new owner')
    .argument('<name>', 'a namespace, or namespace/name for the former name of a repository')
    .option(...YES)
    .action(async (name: string, options: YesOption) => {
      const warnings = name.includes('/') ? [] : OF_NAMESPACES;
      await confirmUnlessYes(options, [...warnings, `Release ${name} for anyone to take?`].join('\n'));
      await parts.withContext((ctx) => freeRetiredName(ctx, OPERATOR_ACTOR, name));
      for (const line of [`Released ${name}.`, ...warnings]) printLine(line);
    });
}
