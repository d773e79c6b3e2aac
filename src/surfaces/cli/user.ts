import type { Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { createUser, getUser, listUsers, updateUser, type User } from '../../features/accounts/users';
import { turnOffSecondFactor } from '../../features/accounts/second-factor';
import { deleteUserAccount } from '../../features/namespaces/account-deletion';
import { setStatus } from '../../features/namespaces/account-status';
import { deleteUserWithRepositories } from '../../features/repositories/owner-deletion';
import { renameAccount } from '../../features/repositories/renaming';
import { count, formatTime, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { addPasswordOptions, choosePassword, type ChosenPassword, type PasswordOptions } from './password-options';
import { confirmUnlessYes, stdTerminal, YES, type YesOption } from './terminal';
import { addSignInCommands } from './user-sign-ins';

interface AddOptions extends PasswordOptions {
  readonly email?: string;
  readonly admin?: true;
  readonly inactive?: true;
}

interface DeleteOptions extends YesOption {
  readonly withRepositories?: boolean;
}

const NAME = 'the username';

/** `drydock user …`. */
export function addUserCommands(program: Command, parts: CommandParts): void {
  const user = program.command('user').description('list, create, change and delete accounts');
  user
    .command('list')
    .description('list all accounts')
    .option('--json', 'print the list as JSON')
    .action(async ({ json }: ListingOptions) => {
      const users = await parts.withContext((ctx) => listUsers(ctx, OPERATOR_ACTOR));
      if (json === true) printJson(users.map(toJson));
      else printUsers(users);
    });
  addPasswordCommands(user, parts);
  addSwitches(user, parts);
  addSecondFactorCommand(user, parts);
  addRenameCommand(user, parts);
  addSignInCommands(user, parts);
  addDeleteCommand(user, parts);
}

function addPasswordCommands(user: Command, parts: CommandParts): void {
  const add = user
    .command('add')
    .description('create an account and its namespace, even when registration is closed')
    .argument('<name>', '2 to 255 of a-z, 0-9 and _, with single hyphens between them')
    .option('--email <address>', 'its email address')
    .option('--admin', 'make it a site administrator, who can do everything and push to the library')
    .option('--inactive', 'the account cannot log in until `user activate`');
  addPasswordOptions(add).action(async (username: string, options: AddOptions) => {
    const chosen = await choosePassword(options, stdTerminal());
    const { email, admin, inactive } = options;
    await parts.withContext((ctx) =>
      createUser(ctx, OPERATOR_ACTOR, {
        username,
        password: chosen.password,
        email,
        isActive: inactive !== true,
        isAdmin: admin === true,
        isEmailVerified: true,
      }),
    );
    printLine(`Created ${username}${withPassword(chosen)}.`);
  });
  const passwd = user
    .command('passwd')
    .description('change a password and revoke all sessions and tokens of the account')
    .argument('<name>', NAME);
  addPasswordOptions(passwd).action(async (username: string, options: PasswordOptions) => {
    const chosen = await choosePassword(options, stdTerminal());
    await parts.withContext((ctx) => updateUser(ctx, OPERATOR_ACTOR, username, { password: chosen.password }));
    printLine(`Changed the password of ${username}${chosen.isGenerated ? ` to ${chosen.password}` : ''}.`);
  });
}

function withPassword({ password, isGenerated }: ChosenPassword): string {
  return isGenerated ? ` with the password ${password}` : '';
}

function addSwitches(user: Command, parts: CommandParts): void {
  user
    .command('activate')
    .description('let an account log in')
    .argument('<name>', NAME)
    .action(async (username: string) => {
      await parts.withContext((ctx) => setStatus(ctx, OPERATOR_ACTOR, username, { isActive: true }));
      printLine(`${username} is now active.`);
    });
  user
    .command('deactivate')
    .description('keep an account but do not let it log in')
    .argument('<name>', NAME)
    .action(async (username: string) => {
      await parts.withContext((ctx) => setStatus(ctx, OPERATOR_ACTOR, username, { isActive: false }));
      printLine(`${username} is now inactive.`);
    });
  user
    .command('admin')
    .description('make an account a site administrator')
    .argument('<name>', NAME)
    .option('--revoke', 'make it an ordinary account again')
    .action(async (username: string, { revoke = false }: { revoke?: boolean }) => {
      await parts.withContext((ctx) => setStatus(ctx, OPERATOR_ACTOR, username, { isAdmin: !revoke }));
      printLine(`${username} is ${revoke ? 'no longer' : 'now'} an administrator.`);
    });
}

function addSecondFactorCommand(user: Command, parts: CommandParts): void {
  user
    .command('second-factor-off')
    .description('turn off the second factor of an account, for users who have lost their phone and recovery codes')
    .argument('<name>', NAME)
    .option(...YES)
    .action(async (username: string, options: YesOption) => {
      await confirmUnlessYes(options, `Turn off the second factor of ${username}?`);
      await parts.withContext((ctx) => turnOffSecondFactor(ctx, OPERATOR_ACTOR, username));
      printLine(`${username} now logs in with the password alone.`);
    });
}

function addRenameCommand(user: Command, parts: CommandParts): void {
  user
    .command('rename')
    .description('rename an account with its namespace; pulls and logins by the old name still work')
    .argument('<name>', NAME)
    .argument('<new-name>', 'the new username')
    .action(async (name: string, newName: string) => {
      const to = await parts.withContext((ctx) => renameAccount(ctx, OPERATOR_ACTOR, name, newName));
      printLine(`Renamed ${name} to ${to}.`);
    });
}

function addDeleteCommand(user: Command, parts: CommandParts): void {
  user
    .command('delete')
    .description('delete an account and its namespace; refused while it has repositories')
    .argument('<name>', NAME)
    .option('--with-repositories', 'also delete the repositories')
    .option(...YES)
    .action(async (name: string, { withRepositories = false, ...options }: DeleteOptions) => {
      const what = withRepositories ? ' with its repositories' : '';
      await confirmUnlessYes(options, `Delete the account ${name}${what}?`);
      const deleted = await parts.withContext(async (ctx) => {
        const { username } = await getUser(ctx, name);
        if (!withRepositories) {
          await deleteUserAccount(ctx, OPERATOR_ACTOR, username);
          return { username, repositories: 0 };
        }
        return { username, repositories: await deleteUserWithRepositories(ctx, OPERATOR_ACTOR, username) };
      });
      const { username, repositories } = deleted;
      const and = repositories > 0 ? ` and ${count(repositories, 'repository', 'repositories')}` : '';
      printLine(`Deleted ${username}${and}.`);
    });
}

function toJson({ id, username, email, isActive, isAdmin, createdAt }: User): object {
  return { id, username, email: email ?? null, isActive, isAdmin, createdAt };
}

function printUsers(users: readonly User[]): void {
  printTable(
    ['USERNAME', 'EMAIL', 'ACTIVE', 'ADMIN', 'CREATED (UTC)'],
    users.map((user) => [
      user.username,
      user.email ?? '-',
      user.isActive ? 'yes' : 'no',
      user.isAdmin ? 'yes' : 'no',
      formatTime(user.createdAt),
    ]),
  );
}
