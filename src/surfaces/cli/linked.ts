import { InvalidArgumentError, type Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { listLinkedAccounts, unlinkAccount } from '../../features/builds/linked/linked-accounts';
import type { CommandParts, ListingOptions } from './command-parts';
import { formatTime, printJson, printLine, printTable } from './output';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

function readId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number from `linked list`.');
}

/** `drydock linked …`. */
export function addLinkedCommands(program: Command, parts: CommandParts): void {
  const linked = program
    .command('linked')
    .description('accounts at git providers that users linked, for automated builds');
  linked
    .command('list')
    .description('list the linked accounts of a user')
    .argument('<user>', 'the username')
    .option('--json', 'print the list as JSON')
    .action(async (user: string, { json }: ListingOptions) => {
      const accounts = await parts.withContext((ctx) => listLinkedAccounts(ctx, OPERATOR_ACTOR, user));
      if (json === true) return printJson(accounts);
      printTable(
        ['ID', 'PROVIDER', 'USER', 'ACCESS', 'SINCE (UTC)', 'PROBLEM'],
        accounts.map((one) => [
          String(one.id),
          one.baseUrl,
          one.login,
          one.access,
          formatTime(one.since),
          one.problem ?? '-',
        ]),
      );
    });
  linked
    .command('unlink')
    .description('unlink an account; a running server then removes the hooks and deploy keys that were added there')
    .argument('<user>', 'the username')
    .argument('<id>', 'the number from `linked list`', readId)
    .option(...YES)
    .action(async (user: string, id: number, options: YesOption) => {
      await confirmUnlessYes(options, `Unlink the account ${id} from ${user}?`);
      await parts.withContext((ctx) => unlinkAccount(ctx, OPERATOR_ACTOR, user, id));
      printLine('The account was unlinked.');
    });
}
