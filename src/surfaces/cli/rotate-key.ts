import type { Command } from 'commander';
import { rotateTokenKey } from '../../features/accounts/key-rotation';
import type { CommandParts } from './command-parts';
import { count, printLine } from './output';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

const ABOUT = `replace the key that signs tokens, on all servers; for when someone else may have read the database or a backup

Running servers take it over within 5 seconds. Engines get a new token by themselves, but a push or pull in progress fails and must
be repeated. Forms that are open in browsers must be loaded again, and addresses for callbacks of webhooks end. Passwords, access
tokens, sessions and second factors stay.`;

/** `drydock rotate-key`. */
export function addRotateKeyCommand(program: Command, parts: CommandParts): void {
  program
    .command('rotate-key')
    .summary('replace the key that signs tokens')
    .description(ABOUT)
    .option(...YES)
    .action(async (options: YesOption) => {
      await confirmUnlessYes(options, 'End all tokens of engines, and pushes and pulls in progress?');
      const { secondFactors } = await parts.withContext(rotateTokenKey);
      printLine(`The key was replaced; ${count(secondFactors, 'second factor')} sealed with the new one.`);
    });
}
