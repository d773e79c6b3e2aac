import type { Command } from 'commander';
import type { Context } from '../../context';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { addTeamGroup, listTeamGroups, removeTeamGroup } from '../../features/namespaces/team-groups';
import { addMember, removeMember } from '../../features/namespaces/team-members';
import { deleteTeam, listTeams, putTeam } from '../../features/namespaces/teams';
import { formatTime, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

const ORGANIZATION = "the organization's name";
const TEAM = "the team's name";

/** `drydock team …`. */
export function addTeamCommands(program: Command, parts: CommandParts): void {
  const team = program
    .command('team')
    .description('list, create and delete teams of an organization, and manage their members');
  team
    .command('list')
    .description('list the teams of an organization')
    .argument('<organization>', ORGANIZATION)
    .option('--json', 'print the list as JSON')
    .action(async (organization: string, { json }: ListingOptions) => {
      const { teams } = await parts.withContext((ctx) => listTeams(ctx, OPERATOR_ACTOR, organization));
      if (json === true) printJson(teams);
      else {
        printTable(
          ['TEAM', 'MEMBERS', 'DESCRIPTION'],
          teams.map(({ name, memberCount, description }) => [name, memberCount, description]),
        );
      }
    });
  team
    .command('add')
    .description('create a team or change its description')
    .argument('<organization>', ORGANIZATION)
    .argument('<team>', TEAM)
    .option('--description <text>', 'what it is for', '')
    .action(async (organization: string, name: string, { description }: { description: string }) => {
      const team = { name, description };
      const isMade = await parts.withContext((ctx) => putTeam(ctx, OPERATOR_ACTOR, organization, team));
      printLine(`${isMade ? 'Created' : 'Changed'} ${organization}/${name}.`);
    });
  team
    .command('delete')
    .description("delete a team and its members' access through it")
    .argument('<organization>', ORGANIZATION)
    .argument('<team>', TEAM)
    .option(...YES)
    .action(async (organization: string, name: string, options: YesOption) => {
      await confirmUnlessYes(options, `Delete the team ${organization}/${name}?`);
      await parts.withContext((ctx) => deleteTeam(ctx, OPERATOR_ACTOR, organization, name));
      printLine(`Deleted ${organization}/${name}.`);
    });
  addMemberCommands(team, parts);
  addGroupCommands(team, parts);
}

const GROUP = 'the group, exactly as the OpenID provider names it';

function addGroupCommands(team: Command, parts: CommandParts): void {
  team
    .command('groups')
    .description('list the groups of the OpenID provider whose members are in a team')
    .argument('<organization>', ORGANIZATION)
    .argument('<team>', TEAM)
    .option('--json', 'print the list as JSON')
    .action(async (organization: string, name: string, { json }: ListingOptions) => {
      const groups = await parts.withContext((ctx) =>
        listTeamGroups(ctx, OPERATOR_ACTOR, { organization, team: name }),
      );
      if (json === true) return printJson(groups);
      printTable(
        ['GROUP', 'SINCE (UTC)'],
        groups.map((group) => [group.name, formatTime(group.since)]),
      );
    });
  team
    .command('add-group')
    .description('have the members of a group join a team at their next sign-in')
    .argument('<organization>', ORGANIZATION)
    .argument('<team>', TEAM)
    .argument('<group>', GROUP)
    .action(async (organization: string, name: string, group: string) => {
      await parts.withContext((ctx) => addTeamGroup(ctx, OPERATOR_ACTOR, { organization, team: name }, group));
      printLine(`Members of ${group} join ${organization}/${name} when they sign in.`);
    });
  team
    .command('remove-group')
    .description('take a group from a team, with the members that are in it only because of the group')
    .argument('<organization>', ORGANIZATION)
    .argument('<team>', TEAM)
    .argument('<group>', GROUP)
    .action(async (organization: string, name: string, group: string) => {
      await parts.withContext((ctx) => removeTeamGroup(ctx, OPERATOR_ACTOR, { organization, team: name }, group));
      printLine(`${organization}/${name} no longer has the group ${group}.`);
    });
}

function addMemberCommands(team: Command, parts: CommandParts): void {
  const change = (
    work: (ctx: Context, place: { organization: string; team: string }, username: string) => Promise<unknown>,
    did: string,
  ) => {
    return async (organization: string, name: string, username: string): Promise<void> => {
      await parts.withContext((ctx) => work(ctx, { organization, team: name }, username));
      printLine(`${username} ${did} ${organization}/${name}.`);
    };
  };
  team
    .command('join')
    .description('add a user or a robot to a team, without an invitation')
    .argument('<organization>', ORGANIZATION)
    .argument('<team>', TEAM)
    .argument('<username>', 'a username, or organization+robot')
    .action(change((ctx, place, username) => addMember(ctx, OPERATOR_ACTOR, place, username), 'is now in'));
  team
    .command('leave')
    .description('remove a member from a team')
    .argument('<organization>', ORGANIZATION)
    .argument('<team>', TEAM)
    .argument('<username>', 'a username, or organization+robot')
    .action(change((ctx, place, username) => removeMember(ctx, OPERATOR_ACTOR, place, username), 'is no longer in'));
}
