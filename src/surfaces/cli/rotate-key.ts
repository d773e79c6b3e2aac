import type { Command } from 'commander';
import { rotateTokenKey } from '../../features/accounts/key-rotation';
import { BUILD_RESEALS } from '../../features/builds/credentials';
import type { CommandParts } from './command-parts';
import { count, printLine } from './output';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

const ABOUT = `replace the key that signs tokens, on all servers; for when someone else may have read the database or a backup

Running servers take it over within 5 seconds. Engines get a new token by themselves, but a push or pull in progress fails and must
be repeated. Forms that are open in browsers must be loaded again, and addresses for callbacks of webhooks end. Passwords, access
tokens, sessions, second factors, linked accounts and the secrets of build sources stay.`;

/** `drydock rotate-key`. */
export function addRotateKeyCommand(program: Command, parts: CommandParts): void {
  program
    .command('rotate-key')
    .summary('replace the key that signs tokens')
    .description(ABOUT)
    .option(...YES)
    .action(async (options: YesOption) => {
      await confirmUnlessYes(options, 'End all tokens of engines, and pushes and pulls in progress?');
      const resealed = await parts.withContext((ctx) => rotateTokenKey(ctx, BUILD_RESEALS));
      const { secondFactors, buildSources, linkedAccounts } = resealed;
      const first = `${count(secondFactors, 'second factor')}, ${count(buildSources, 'build source')}`;
      const all = `${first} and ${count(linkedAccounts, 'linked account')}`;
      printLine(`The key was replaced; ${all} sealed with the new one.`);
    });
}
