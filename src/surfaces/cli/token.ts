import { InvalidArgumentError, Option, type Command } from 'commander';
import { createAccountToken, listAccountTokens, revokeAccountToken } from '../../features/accounts/own-access-tokens';
import { ACCESS_LEVELS, OPERATOR_ACTOR, type AccessLevel } from '../../features/access/actor';
import { fullName, readFullName } from '../../features/repositories/names';
import { formatTime, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

const USERNAME = 'a username, or organization+robot';

interface AddOptions {
  readonly name: string;
  readonly access: AccessLevel;
  readonly repository?: string[];
  readonly days?: number;
}

function readDays(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('A number of days.');
  return Number(text);
}

function toFullName(text: string): string {
  return fullName(readFullName(text));
}

/** `drydock token …`. */
export function addTokenCommands(program: Command, parts: CommandParts): void {
  const token = program.command('token').description('list, make and revoke access tokens of an account');
  token
    .command('list')
    .description('list the access tokens of an account')
    .argument('<username>', USERNAME)
    .option('--json', 'print the list as JSON')
    .action(async (username: string, { json }: ListingOptions) => {
      const tokens = await parts.withContext((ctx) => listAccountTokens(ctx, OPERATOR_ACTOR, username));
      if (json === true) printJson(tokens);
      else {
        const rows = tokens.map(({ id, name, access, repositories, expiresAt, lastUsedAt }) => [
          id,
          name,
          access,
          repositories?.join(' ') ?? 'all',
          expiresAt === undefined ? 'never' : formatTime(expiresAt),
          lastUsedAt === undefined ? 'never' : formatTime(lastUsedAt),
        ]);
        printTable(['ID', 'NAME', 'ACCESS', 'REPOSITORIES', 'EXPIRES (UTC)', 'LAST USED (UTC)'], rows);
      }
    });
  token
    .command('add')
    .description('make an access token: a password for `docker login`, scripts and the API')
    .argument('<username>', USERNAME)
    .requiredOption('--name <name>', 'what it is for')
    .addOption(new Option('--access <access>', 'what it may do').choices(ACCESS_LEVELS).default('read'))
    .option('--repository <names...>', 'the only repositories that it is good for')
    .option('--days <days>', 'how long it lasts', readDays)
    .action(async (username: string, options: AddOptions) => {
      const { name, access, repository, days } = options;
      const expiresAt = days === undefined ? undefined : new Date(Date.now() + days * 24 * 3_600_000);
      const wanted = { name, access, expiresAt, repositories: repository?.map(toFullName) };
      const { secret } = await parts.withContext((ctx) => createAccountToken(ctx, OPERATOR_ACTOR, username, wanted));
      printLine(`Made the token ${name} of ${username}. It is shown only now: ${secret}`);
    });
  token
    .command('revoke')
    .description('end an access token')
    .argument('<username>', USERNAME)
    .argument('<id>', 'its number in `token list`', readDays)
    .option(...YES)
    .action(async (username: string, id: number, options: YesOption) => {
      await confirmUnlessYes(options, `Revoke the token ${id} of ${username}?`);
      await parts.withContext((ctx) => revokeAccountToken(ctx, OPERATOR_ACTOR, username, id));
      printLine(`Revoked the token ${id} of ${username}.`);
    });
}
