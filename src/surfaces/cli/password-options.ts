import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { Option, type Command } from 'commander';
import { AppError } from '../../platform/errors';
import { askPassword, type Terminal } from './terminal';

/** How a password is given; without any of these options, the command asks for it. */
export interface PasswordOptions {
  readonly password?: string;
  readonly passwordStdin?: true;
  readonly generate?: true;
}

/** A password, and whether it was generated, so that it must be shown. */
export interface ChosenPassword {
  readonly password: string;
  readonly isGenerated: boolean;
}

/** Adds the three ways to give a password. */
export function addPasswordOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--password <password>', 'visible to other users of this machine while the command runs').conflicts([
        'passwordStdin',
        'generate',
      ]),
    )
    .addOption(new Option('--password-stdin', 'read the password from standard input').conflicts('generate'))
    .option('--generate', 'generate a password and print it')
    .addHelpText('after', '\nWithout a password option, the command prompts for the password and does not echo it.');
}

/**
 * Gets the password as the options say.
 *
 * @throws AppError `invalid` if there is no terminal to ask at
 */
export async function choosePassword(options: PasswordOptions, terminal: Terminal): Promise<ChosenPassword> {
  if (options.generate === true) return { password: randomBytes(12).toString('base64url'), isGenerated: true };
  return { password: await readPassword(options, terminal), isGenerated: false };
}

async function readPassword(options: PasswordOptions, terminal: Terminal): Promise<string> {
  if (options.password !== undefined) return options.password;
  if (options.passwordStdin === true) return (await text(terminal.input)).replace(/\r?\n$/, '');
  if (terminal.input.isTTY === true) return askPassword(terminal);
  throw new AppError(
    'invalid',
    'No password was given: use --password-stdin, --generate or --password, or run this in a terminal',
  );
}
