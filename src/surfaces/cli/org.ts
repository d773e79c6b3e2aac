import type { Command } from 'commander';
import type { Context } from '../../context';
import { OPERATOR } from '../../features/audit/audit';
import { getUser } from '../../features/accounts/users';
import {
  convertUser,
  createOrganizationFor,
  deleteOrganizationAs,
  listAllOrganizations,
  type Organization,
} from '../../features/namespaces/organizations';
import { createRobotAs, deleteRobotAs } from '../../features/namespaces/robots';
import { formatTime, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

const NAME = "the organization's name";

/** `drydock org …`. */
export function addOrgCommands(program: Command, parts: CommandParts): void {
  const org = program.command('org').description('list, create and delete organizations and their robots');
  org
    .command('list')
    .description('list all organizations')
    .option('--json', 'print the list as JSON')
    .action(async ({ json }: ListingOptions) => {
      const organizations = await parts.withContext(listAllOrganizations);
      if (json === true) printJson(organizations);
      else printOrganizations(organizations);
    });
  org
    .command('add')
    .description('create an organization')
    .argument('<name>', '2 to 255 of a-z, 0-9 and _, with single hyphens between them')
    .requiredOption('--owner <username>', 'its first owner')
    .action(async (name: string, { owner }: { owner: string }) => {
      await parts.withContext(async (ctx) => {
        const user = await getUser(ctx, owner);
        await createOrganizationFor(ctx, name, { userId: user.id, username: user.username }, OPERATOR);
      });
      printLine(`Created ${name}, owned by ${owner}.`);
    });
  org
    .command('convert')
    .description('turn a user into an organization: the repositories are kept, the account is deleted')
    .argument('<username>', 'the user to turn into an organization')
    .requiredOption('--owner <username>', 'its first owner')
    .option(...YES)
    .action(async (username: string, { owner, ...options }: YesOption & { owner: string }) => {
      await confirmUnlessYes(options, `Delete the account ${username} and turn it into an organization?`);
      await parts.withContext((ctx) => convertUser(ctx, username, owner, OPERATOR));
      printLine(`${username} is now an organization, owned by ${owner}.`);
    });
  org
    .command('delete')
    .description('delete an organization; refused while it has repositories')
    .argument('<name>', NAME)
    .option(...YES)
    .action(async (name: string, options: YesOption) => {
      await confirmUnlessYes(options, `Delete the organization ${name}?`);
      await parts.withContext((ctx) => deleteOrganizationAs(ctx, name, OPERATOR));
      printLine(`Deleted ${name}.`);
    });
  addRobotCommands(org, parts);
}

function addRobotCommands(org: Command, parts: CommandParts): void {
  const change = (work: (ctx: Context, organization: string, robot: string) => Promise<unknown>, did: string) => {
    return async (organization: string, robot: string): Promise<void> => {
      await parts.withContext((ctx) => work(ctx, organization, robot));
      printLine(`${did} ${organization}+${robot}.`);
    };
  };
  org
    .command('robot-add')
    .description('create a robot, an account for a machine; give it a token with `drydock token add`')
    .argument('<organization>', NAME)
    .argument('<name>', 'the part after `organization+`')
    .action(change((ctx, organization, robot) => createRobotAs(ctx, organization, robot, OPERATOR), 'Created'));
  org
    .command('robot-delete')
    .description('delete a robot and its tokens')
    .argument('<organization>', NAME)
    .argument('<name>', 'the part after `organization+`')
    .option(...YES)
    .action(async (organization: string, robot: string, options: YesOption) => {
      await confirmUnlessYes(options, `Delete the robot ${organization}+${robot}?`);
      await change((ctx) => deleteRobotAs(ctx, organization, robot, OPERATOR), 'Deleted')(organization, robot);
    });
}

function printOrganizations(organizations: readonly Organization[]): void {
  printTable(
    ['ORGANIZATION', 'PLAN', 'TEAMS', 'MEMBERS', 'CREATED (UTC)'],
    organizations.map(({ name, plan, teamCount, memberCount, createdAt }) => [
      name,
      plan,
      teamCount,
      memberCount,
      formatTime(createdAt),
    ]),
  );
}
