import type { Command } from 'commander';
import type { Context } from '../../context';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import {
  convertUser,
  createOrganization,
  deleteOrganization,
  listOrganizations,
  type Organization,
} from '../../features/namespaces/organizations';
import { createRobot, deleteRobot, type RobotPlace } from '../../features/namespaces/robots';
import { renameOrganization } from '../../features/repositories/renaming';
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
      const { organizations } = await parts.withContext((ctx) =>
        listOrganizations(ctx, OPERATOR_ACTOR, { isForAll: true }),
      );
      if (json === true) printJson(organizations);
      else printOrganizations(organizations);
    });
  org
    .command('add')
    .description('create an organization')
    .argument('<name>', '2 to 255 of a-z, 0-9 and _, with single hyphens between them')
    .requiredOption('--owner <username>', 'its first owner')
    .action(async (name: string, { owner }: { owner: string }) => {
      await parts.withContext((ctx) => createOrganization(ctx, OPERATOR_ACTOR, name, { owner }));
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
      await parts.withContext((ctx) => convertUser(ctx, OPERATOR_ACTOR, username, owner));
      printLine(`${username} is now an organization, owned by ${owner}.`);
    });
  org
    .command('rename')
    .description('rename an organization with its robots; pulls and logins by the old names still work')
    .argument('<name>', NAME)
    .argument('<new-name>', 'the new name')
    .action(async (name: string, newName: string) => {
      const to = await parts.withContext((ctx) => renameOrganization(ctx, OPERATOR_ACTOR, name, newName));
      printLine(`Renamed ${name} to ${to}.`);
    });
  org
    .command('delete')
    .description('delete an organization; refused while it has repositories')
    .argument('<name>', NAME)
    .option(...YES)
    .action(async (name: string, options: YesOption) => {
      await confirmUnlessYes(options, `Delete the organization ${name}?`);
      await parts.withContext((ctx) => deleteOrganization(ctx, OPERATOR_ACTOR, name));
      printLine(`Deleted ${name}.`);
    });
  addRobotCommands(org, parts);
}

function addRobotCommands(org: Command, parts: CommandParts): void {
  const change = (work: (ctx: Context, robot: RobotPlace) => Promise<unknown>, did: string) => {
    return async (organization: string, name: string): Promise<void> => {
      await parts.withContext((ctx) => work(ctx, { organization, name }));
      printLine(`${did} ${organization}+${name}.`);
    };
  };
  org
    .command('robot-add')
    .description('create a robot, an account for a machine; give it a token with `drydock token add`')
    .argument('<organization>', NAME)
    .argument('<name>', 'the part after `organization+`')
    .action(change((ctx, robot) => createRobot(ctx, OPERATOR_ACTOR, robot), 'Created'));
  org
    .command('robot-delete')
    .description('delete a robot and its tokens')
    .argument('<organization>', NAME)
    .argument('<name>', 'the part after `organization+`')
    .option(...YES)
    .action(async (organization: string, name: string, options: YesOption) => {
      await confirmUnlessYes(options, `Delete the robot ${organization}+${name}?`);
      await change((ctx, robot) => deleteRobot(ctx, OPERATOR_ACTOR, robot), 'Deleted')(organization, name);
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
