import type { Command } from 'commander';
import { rotateTokenKey } from '../../features/accounts/key-rotation';
import { resealSources } from '../../features/builds/credentials';
import type { CommandParts } from './command-parts';
import { count, printLine } from './output';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

const ABOUT = `replace the key that signs tokens, on all servers; for when someone else may have read the database or a backup

Running servers take it over within 5 seconds. Engines get a new token by themselves, but a push or pull in progress fails and must
be repeated. Forms that are open in browsers must be loaded again, and addresses for callbacks of webhooks end. Passwords, access
tokens, sessions, second factors and the secrets of build sources stay.`;

/** `drydock rotate-key`. */
export function addRotateKeyCommand(program: Command, parts: CommandParts): void {
  program
    .command('rotate-key')
    .summary('replace the key that signs tokens')
    .description(ABOUT)
    .option(...YES)
    .action(async (options: YesOption) => {
      await confirmUnlessYes(options, 'End all tokens of engines, and pushes and pulls in progress?');
      const { secondFactors, buildSources } = await parts.withContext((ctx) => rotateTokenKey(ctx, resealSources));
      const resealed = `${count(secondFactors, 'second factor')} and ${count(buildSources, 'build source')}`;
      printLine(`The key was replaced; ${resealed} sealed with the new one.`);
    });
}
