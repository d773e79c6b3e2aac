import { InvalidArgumentError, Option, type Command } from 'commander';
import { printError, printLine } from '../output';
import { choosePassword } from '../password-options';
import { stdTerminal } from '../terminal';

import { registerThrowAway, removeCreated, type DoctorAccount } from './accounts';
import { DEFAULT_LIMITS, examine, parseUrl } from './doctor';
import { GENERATIONS, type Generation } from './generations';
import { assertListens } from './listening';
import { freshNewcomer } from './newcomer';
import { cellOf, formatReport } from './report';
import type { Credentials } from './session';

/** Where the command writes. */
export interface DoctorOutput {
  /** the result */
  readonly print: (text: string) => void;
  /** the progress, for people */
  readonly progress: (text: string) => void;
  /** makes the process exit with 1 */
  readonly markFailed: () => void;
}

const PROCESS: DoctorOutput = {
  print: printLine,
  progress: printError,
  markFailed: () => {
    process.exitCode = 1;
  },
};

interface DoctorOptions {
  readonly user?: string;
  readonly password?: string;
  readonly passwordStdin?: true;
  readonly json?: true;
  readonly insecure?: true;
  readonly generation?: readonly Generation[];
  readonly repository?: string;
  readonly existing?: true;
}

const DESCRIPTION = `test a v1 server the way docker engines from ${first()} to ${last()} use it: ping, login, register, push, pull, resume, search, crossings to v2 and back, delete`;

/** `drydock doctor URL`: which engines work with this server, and the errors that their users would see. */
export function addDoctorCommand(program: Command, output: DoctorOutput = PROCESS): void {
  program
    .command('doctor')
    .description(DESCRIPTION)
    .argument('<url>', 'http://host[:port] or https://host[:port]; without a scheme, https is tried first', serverUrl)
    .option('--user <name>', 'an existing user; without it, the doctor registers a throwaway user')
    .option(
      '--password <password>',
      'password of that user; visible to other users of this machine while the command runs',
    )
    .addOption(new Option('--password-stdin', 'read the password from standard input').conflicts('password'))
    .option(
      '--repository <name>',
      'repository to push to, as namespace/name or name; each engine adds a suffix',
      repositoryName,
    )
    .option(
      '--existing',
      'push to the repository as named and do not delete it; use this with a robot of an organization',
    )
    .option('--generation <name>', `test only this engine, can be repeated: ${names().join(', ')}`, addGeneration)
    .option('--insecure', 'accept a certificate from an unknown authority')
    .option('--json', 'print the report as JSON')
    .action(async (url: string, options: DoctorOptions, command: Command) => {
      const hasPassword = options.password !== undefined || options.passwordStdin === true;
      if (hasPassword !== (options.user !== undefined))
        command.error('error: --user and --password must be used together');
      if (options.existing && options.repository === undefined)
        command.error('error: --existing requires --repository');
      await runDoctor(url, options, output);
    });
}

async function runDoctor(url: string, options: DoctorOptions, output: DoctorOutput): Promise<void> {
  const limits = { ...DEFAULT_LIMITS, insecure: options.insecure ?? false };
  await assertListens(url, limits.idleMs);
  const account = (await givenAccount(options)) ?? (await throwAway(url, limits, output));
  const { credentials, newcomer } = account;
  const examination = {
    url,
    limits,
    credentials,
    newcomer,
    generations: options.generation ?? GENERATIONS,
    repository: options.repository ?? `${namespaceOf(credentials)}/doctor`,
    isExisting: options.existing ?? false,
  };
  const report = await examine(examination, ({ version }, step, result) => {
    if (result.status !== 'not tried') output.progress(`docker ${version}: ${step} ${cellOf(result)}`);
  });
  const remaining = await removeCreated(url, account, limits);
  if (remaining.length > 0) output.progress(remainderOf(remaining));
  output.print(options.json ? JSON.stringify(report, undefined, 2) : formatReport(report));
  if (!report.isHealthy) output.markFailed();
}

/** Only the operator can delete the accounts of a server that does not let them delete themselves. */
function remainderOf(usernames: readonly string[]): string {
  const what = usernames.length === 1 ? 'the account that it has created' : 'the accounts that it has created';
  return `The doctor could not delete ${what}: ${usernames.join(', ')}`;
}

/** The namespace to push to; a robot, `organization+name`, works in that of its organization. */
function namespaceOf({ username }: Credentials): string {
  return username.split('+')[0] ?? username;
}

async function givenAccount({ user, ...options }: DoctorOptions): Promise<DoctorAccount | undefined> {
  if (user === undefined) return undefined;
  const { password } = await choosePassword(options, stdTerminal());
  const credentials = { username: user, password };
  return { credentials, newcomer: freshNewcomer(), isCreated: false, problem: undefined };
}

async function throwAway(url: string, limits: typeof DEFAULT_LIMITS, output: DoctorOutput): Promise<DoctorAccount> {
  const account = await registerThrowAway(url, limits);
  output.progress(account.problem ?? `registered the user ${account.credentials.username}`);
  return account;
}

function serverUrl(text: string): string {
  try {
    parseUrl(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function repositoryName(text: string): string {
  if (/^([a-z0-9_-]{2,255}\/)?[a-z0-9][a-z0-9._-]*$/.test(text)) return text;
  throw new InvalidArgumentError('must be namespace/name or name');
}

function addGeneration(text: string, previous: readonly Generation[] = []): readonly Generation[] {
  const generation = GENERATIONS.find(({ name, version }) => name === text || version === text);
  if (!generation) throw new InvalidArgumentError(`must be one of ${names().join(', ')}`);
  return [...previous, generation];
}

function names(): string[] {
  return GENERATIONS.map(({ name }) => name);
}

function first(): string {
  return names()[0] ?? '';
}

function last(): string {
  return names().at(-1) ?? '';
}
