import { Command } from 'commander';
import { addAuditCommand } from './audit';
import { addDoctorCommand } from './doctor/command';
import { addGcCommand } from './gc';
import { addMailCommand } from './mail';
import { addOAuthClientCommands } from './oauth-client';
import { printJson, printLine } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { addOrgCommands } from './org';
import { addPlanCommands } from './plan';
import { addRepoCommands } from './repo';
import { addRetiredNameCommands } from './retired-name';
import { addScrubCommand } from './scrub';
import { addTeamCommands } from './team';
import { addTokenCommands } from './token';
import { addUserCommands } from './user';
import { addWebhookCommands } from './webhook';

const ABOUT = `A Docker Hub v1 index and registry in one process.

\`drydock serve\` runs it; the other commands administer the same data, beside a running server or without one.
What to work on comes from the environment (DATABASE_URL, DRYDOCK_DATA_DIR and others, see .env.example).`;

/** Which words `drydock` understands. */
export function buildProgram(parts: CommandParts): Command {
  const program = new Command('drydock')
    .description(ABOUT)
    .version(parts.version, '--version', 'show the version')
    .helpOption('-h, --help', 'show this help, or that of a command')
    .helpCommand('help [command]', 'show the help of a command')
    .exitOverride()
    .showHelpAfterError('Try --help.');
  program
    .command('serve')
    .description('run the server until SIGTERM or SIGINT, then finish what is in flight')
    .action(() => parts.serve());
  addDatabaseCommands(program, parts);
  addUserCommands(program, parts);
  addTokenCommands(program, parts);
  addOrgCommands(program, parts);
  addTeamCommands(program, parts);
  addPlanCommands(program, parts);
  addRepoCommands(program, parts);
  addRetiredNameCommands(program, parts);
  addWebhookCommands(program, parts);
  addOAuthClientCommands(program, parts);
  addGcCommand(program, parts);
  addScrubCommand(program, parts);
  addAuditCommand(program, parts);
  addMailCommand(program, parts);
  addDoctorCommand(program);
  return program;
}

function addDatabaseCommands(program: Command, parts: CommandParts): void {
  program
    .command('migrate')
    .description('bring the database schema up to date and list what was applied (every start does so, too)')
    .option('--json', 'print the names as JSON')
    .action(async ({ json }: ListingOptions) => {
      const applied = await parts.migrate();
      if (json === true) printJson(applied);
      else if (applied.length === 0) printLine('The schema is up to date.');
      else for (const name of applied) printLine(`applied ${name}`);
    });
  program
    .command('seed')
    .description('make demo accounts, repositories and images, as far as they are not there yet')
    .action(async () => {
      const { accounts, repositories } = await parts.seed();
      for (const { username, password } of accounts) {
        printLine(`Made ${username} with the password ${password} (shown this once).`);
      }
      printLine(`The demo repositories are there: ${repositories.join(', ')}.`);
    });
}
