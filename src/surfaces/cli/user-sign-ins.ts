import { InvalidArgumentError, type Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { listLinked, unlink } from '../../features/openid/linking';
import type { CommandParts, ListingOptions } from './command-parts';
import { formatTime, printJson, printLine, printTable } from './output';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

function readId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number from `user sign-ins`.');
}

/** `drydock user sign-ins` and `drydock user unlink`. */
export function addSignInCommands(user: Command, parts: CommandParts): void {
  user
    .command('sign-ins')
    .description('list the users of an OpenID provider that are linked to an account')
    .argument('<name>', 'the username')
    .option('--json', 'print the list as JSON')
    .action(async (name: string, { json }: ListingOptions) => {
      const linked = await parts.withContext((ctx) => listLinked(ctx, OPERATOR_ACTOR, name));
      if (json === true) return printJson(linked);
      printTable(
        ['ID', 'PROVIDER', 'USER', 'EMAIL', 'SINCE (UTC)', 'LAST USED (UTC)'],
        linked.map((one) => [
          String(one.id),
          one.issuer,
          one.subject,
          one.email ?? '-',
          formatTime(one.since),
          formatTime(one.lastUsedAt),
        ]),
      );
    });
  user
    .command('unlink')
    .description('unlink a user of an OpenID provider from an account that has a password')
    .argument('<name>', 'the username')
    .argument('<id>', 'the number from `user sign-ins`', readId)
    .option(...YES)
    .action(async (name: string, id: number, options: YesOption) => {
      await confirmUnlessYes(options, `Unlink the sign-in ${id} from ${name}?`);
      await parts.withContext((ctx) => unlink(ctx, OPERATOR_ACTOR, name, id));
      printLine(`${name} can no longer sign in with it.`);
    });
}
