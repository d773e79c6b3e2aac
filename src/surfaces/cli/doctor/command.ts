import { InvalidArgumentError, Option, type Command } from 'commander';
import { printError, printLine } from '../output';
import { choosePassword } from '../password-options';
import { stdTerminal } from '../terminal';

import { registerThrowAway } from './account';
import { DEFAULT_LIMITS, examine, parseUrl } from './doctor';
import { GENERATIONS, type Generation } from './generations';
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
  const credentials = (await givenCredentials(options)) ?? (await throwAway(url, limits, output));
  const examination = {
    url,
    limits,
    credentials,
    generations: options.generation ?? GENERATIONS,
    repository: options.repository ?? `${namespaceOf(credentials)}/doctor`,
    isExisting: options.existing ?? false,
  };
  const report = await examine(examination, ({ version }, step, result) => {
    if (result.status !== 'not tried') output.progress(`docker ${version}: ${step} ${cellOf(result)}`);
  });
  output.print(options.json ? JSON.stringify(report, undefined, 2) : formatReport(report));
  if (!report.isHealthy) output.markFailed();
}

/** The namespace to push to; a robot, `organization+name`, works in that of its organization. */
function namespaceOf({ username }: Credentials): string {
  return username.split('+')[0] ?? username;
}

async function givenCredentials({ user, ...options }: DoctorOptions): Promise<Credentials | undefined> {
  if (user === undefined) return undefined;
  const { password } = await choosePassword(options, stdTerminal());
  return { username: user, password };
}

async function throwAway(url: string, limits: typeof DEFAULT_LIMITS, output: DoctorOutput): Promise<Credentials> {
  const { credentials, problem } = await registerThrowAway(url, limits);
  output.progress(problem ?? `registered the user ${credentials.username}`);
  return credentials;
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
