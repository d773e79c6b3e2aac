import type { Command } from 'commander';
import type { Context } from '../../context';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { addMember, removeMember } from '../../features/namespaces/team-members';
import { deleteTeam, listTeams, putTeam } from '../../features/namespaces/teams';
import { printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

const ORGANIZATION = "the organization's name";
const TEAM = "the team's name";

/** `drydock team …`. */
export function addTeamCommands(program: Command, parts: CommandParts): void {
  const team = program.command('team').description('list, make and delete teams of an organization, and their members');
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
    .description('make a team, or change its description')
    .argument('<organization>', ORGANIZATION)
    .argument('<team>', TEAM)
    .option('--description <text>', 'what it is for', '')
    .action(async (organization: string, name: string, { description }: { description: string }) => {
      const team = { name, description };
      const isMade = await parts.withContext((ctx) => putTeam(ctx, OPERATOR_ACTOR, organization, team));
      printLine(`${isMade ? 'Made' : 'Changed'} ${organization}/${name}.`);
    });
  team
    .command('delete')
    .description('delete a team; what it was given is taken from its members')
    .argument('<organization>', ORGANIZATION)
    .argument('<team>', TEAM)
    .option(...YES)
    .action(async (organization: string, name: string, options: YesOption) => {
      await confirmUnlessYes(options, `Delete the team ${organization}/${name}?`);
      await parts.withContext((ctx) => deleteTeam(ctx, OPERATOR_ACTOR, organization, name));
      printLine(`Deleted ${organization}/${name}.`);
    });
  addMemberCommands(team, parts);
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
    .action(change((ctx, place, username) => addMember(ctx, OPERATOR_ACTOR, place, username), 'is in'));
  team
    .command('leave')
    .description('remove a member from a team')
    .argument('<organization>', ORGANIZATION)
    .argument('<team>', TEAM)
    .argument('<username>', 'a username, or organization+robot')
    .action(change((ctx, place, username) => removeMember(ctx, OPERATOR_ACTOR, place, username), 'is not in'));
}
