import { InvalidArgumentError, type Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { listLinkedAccounts, unlinkAccount } from '../../features/builds/linked/linked-accounts';
import { addLinkedSource, listRemoteRepositories } from '../../features/builds/linked/linked-source';
import type { CommandParts, ListingOptions } from './command-parts';
import { formatTime, printJson, printLine, printTable } from './output';
import { REPOSITORY, repositoryNamed } from './repository-argument';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

function readId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number from `linked list`.');
}

interface SearchOptions {
  readonly search?: string;
  readonly cursor?: string;
}

function addRepositoryCommands(linked: Command, parts: CommandParts): void {
  linked
    .command('repositories')
    .description('list the repositories at the provider that a linked account can build')
    .argument('<user>', 'the username')
    .argument('<id>', 'the number from `linked list`', readId)
    .option('--search <text>', 'a part of the name')
    .option('--cursor <text>', 'the next page, as the page before says')
    .action(async (username: string, id: number, options: SearchOptions) => {
      const { repositories, next } = await parts.withContext((ctx) =>
        listRemoteRepositories(ctx, OPERATOR_ACTOR, { username, id }, options),
      );
      printTable(
        ['REPOSITORY', 'PRIVATE', 'DEFAULT BRANCH'],
        repositories.map((one) => [one.fullName, one.isPrivate ? 'yes' : 'no', one.defaultBranch ?? '-']),
      );
      if (next !== undefined) printLine(`More: --cursor '${next}'`);
    });
  linked
    .command('build')
    .description('make a repository an automated one that is built from a repository of a linked account')
    .argument('<repository>', REPOSITORY)
    .argument('<user>', 'the username')
    .argument('<id>', 'the number from `linked list`', readId)
    .argument('<full-name>', 'the repository at the provider, owner/name')
    .action(async (name: string, username: string, id: number, fullName: string) => {
      const added = await parts.withContext(async (ctx) =>
        addLinkedSource(ctx, OPERATOR_ACTOR, await repositoryNamed(ctx, name), { account: { username, id }, fullName }),
      );
      if (added.linked?.state === 'adding') return printLine(`A running server adds the hook to ${fullName}.`);
      printLine(`Hook URL:    ${added.hookUrl}`);
      printLine(`Hook secret: ${added.hookSecret}`);
    });
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
  addRepositoryCommands(linked, parts);
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
