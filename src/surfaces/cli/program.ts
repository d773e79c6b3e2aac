import { Command } from 'commander';
import { addAuditCommand } from './audit';
import { addBackupCommands } from './backup';
import { addBuildCommands } from './build';
import { addDoctorCommand } from './doctor/command';
import { addGcCommand } from './gc';
import { addLinkedCommands } from './linked';
import { addMailCommand } from './mail';
import { addOAuthClientCommands } from './oauth-client';
import { printJson, printLine } from './output';
import { addCompletionCommand } from './completion';
import type { CommandParts, ListingOptions, ServeOptions } from './command-parts';
import { addOrgCommands } from './org';
import { addPlanCommands } from './plan';
import { addRepoCommands } from './repo';
import { addRetentionCommands } from './retention';
import { addRetiredNameCommands } from './retired-name';
import { addRotateKeyCommand } from './rotate-key';
import { addScrubCommand } from './scrub';
import { addStorageCommands } from './storage';
import { addTeamCommands } from './team';
import { addTokenCommands } from './token';
import { addUserCommands } from './user';
import { addWebhookCommands } from './webhook';

const ABOUT = `A Docker Hub v1 index and registry in one process.

\`drydock serve\` runs the server; the other commands administer its data, whether or not it is running.
Environment variables configure both (DATABASE_URL, DRYDOCK_DATA_DIR and others, see .env.example).`;

const ABOUT_UPGRADE = `move the embedded database to the newest Postgres on this machine; stop the server first

Needs the programs of the old version once, to read the old database, which stays next to the new one. Layers are not touched.
Mails and notifications that wait are not sent.`;

/** The `drydock` program with all its commands. */
export function buildProgram(parts: CommandParts): Command {
  const program = new Command('drydock')
    .description(ABOUT)
    .version(parts.version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show the help of a command')
    .exitOverride();
  program
    .command('serve')
    .description('run the server; on SIGTERM or SIGINT it finishes requests in progress and exits')
    .option('--port <port>', 'the port to listen on, instead of PORT')
    .option('--data <directory>', 'the data directory, instead of DRYDOCK_DATA_DIR')
    .action((options: ServeOptions) => parts.serve(options));
  addBuilderCommand(program, parts);
  addDatabaseCommands(program, parts);
  addUserCommands(program, parts);
  addTokenCommands(program, parts);
  addOrgCommands(program, parts);
  addTeamCommands(program, parts);
  addPlanCommands(program, parts);
  addRepoCommands(program, parts);
  addRetentionCommands(program, parts);
  addBuildCommands(program, parts);
  addLinkedCommands(program, parts);
  addRetiredNameCommands(program, parts);
  addWebhookCommands(program, parts);
  addOAuthClientCommands(program, parts);
  addGcCommand(program, parts);
  addScrubCommand(program, parts);
  addStorageCommands(program, parts);
  addBackupCommands(program, parts);
  addRotateKeyCommand(program, parts);
  addAuditCommand(program, parts);
  addMailCommand(program, parts);
  addDoctorCommand(program);
  addCompletionCommand(program);
  program
    .command('version')
    .description('show the version')
    .action(() => printLine(parts.version));
  nameHelpOf(program, 'drydock');
  return program;
}

/** The help that an error points to is that of its command. */
function nameHelpOf(command: Command, words: string): void {
  command.showHelpAfterError(`See \`${words} --help\`.`);
  for (const child of command.commands) nameHelpOf(child, `${words} ${child.name()}`);
}

const ABOUT_BUILDER = `run the builds of automated repositories; any number of builders, on any hosts

Needs the database, the URL of the hub, and buildah, runc, git and an unprivileged user with subordinate ids on this host. On SIGTERM
or SIGINT it takes no more builds, and gives those that run the time of DRYDOCK_DRAIN_SECONDS.`;

function addBuilderCommand(program: Command, parts: CommandParts): void {
  program
    .command('builder')
    .summary('run the builds of automated repositories')
    .description(ABOUT_BUILDER)
    .option('--doctor', 'say what is missing on this host, and exit')
    .action(async ({ doctor }: { readonly doctor?: true }) => {
      if (doctor !== true) await parts.build();
      else if (!(await parts.examineBuilder())) process.exitCode = 1;
    });
}

function addDatabaseCommands(program: Command, parts: CommandParts): void {
  program
    .command('migrate')
    .description(
      'bring the database schema up to date and list the applied migrations (the server also does this at every start)',
    )
    .option('--json', 'print the names as JSON')
    .action(async ({ json }: ListingOptions) => {
      const applied = await parts.migrate();
      if (json === true) printJson(applied);
      else if (applied.length === 0) printLine('The schema is up to date.');
      else for (const name of applied) printLine(`applied ${name}`);
    });
  program
    .command('upgrade-postgres')
    .summary('move the embedded database to the newest Postgres')
    .description(ABOUT_UPGRADE)
    .option('--programs <directory>', 'where the programs of the old version are')
    .action(async ({ programs }: { readonly programs?: string }) => {
      const upgraded = await parts.upgradePostgres(programs);
      if (upgraded === undefined) printLine('The embedded database has the newest version already.');
      else {
        const { from, to, kept } = upgraded;
        printLine(
          `Upgraded from Postgres ${from} to ${to}. The old database is in ${kept}: remove it when all is well.`,
        );
      }
    });
  program
    .command('seed')
    .description('create demo accounts, repositories and images that do not exist yet')
    .action(async () => {
      const { accounts, repositories } = await parts.seed();
      for (const { username, password } of accounts) {
        printLine(`Created ${username} with the password ${password} (shown only once).`);
      }
      printLine(`The demo repositories are ready: ${repositories.join(', ')}.`);
    });
}
