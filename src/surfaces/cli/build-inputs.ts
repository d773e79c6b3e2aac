import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { changeSource } from '../../features/builds/source-changes';
import { getSource } from '../../features/builds/sources';
import type { CommandParts } from './command-parts';
import { printLine } from './output';
import { REPOSITORY, repositoryNamed } from './repository-argument';

/** Values by name. */
export type Pairs = Readonly<Record<string, string>>;

/** Reads one `NAME=VALUE` more. */
export function addPair(text: string, before: Pairs = {}): Pairs {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected NAME=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function addName(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name];
}

interface InputOptions {
  readonly arg?: Pairs;
  readonly removeArg?: readonly string[];
  readonly secretFile?: Pairs;
  readonly removeSecret?: readonly string[];
}

/** What a file has, without the line feed that editors add at its end. */
async function secretIn(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
}

async function secretsOf({ secretFile = {}, removeSecret = [] }: InputOptions): Promise<Record<string, string | null>> {
  const removed = removeSecret.map((name) => [name, null] as const);
  const read = Object.entries(secretFile).map(async ([name, file]) => [name, await secretIn(file)] as const);
  return Object.fromEntries([...removed, ...(await Promise.all(read))]);
}

/** `drydock build source inputs`. */
export function addBuildInputCommand(source: Command, parts: CommandParts): void {
  source
    .command('inputs')
    .description('set or remove build arguments, and secrets for RUN --mount=type=secret; prints the names')
    .argument('<repository>', REPOSITORY)
    .option('--arg <name=value>', 'a value of ARG, which is in the history of the image', addPair)
    .option('--remove-arg <name>', 'remove a build argument', addName)
    .option('--secret-file <name=path>', 'a secret, from a file', addPair)
    .option('--remove-secret <name>', 'remove a secret', addName)
    .action(async (name: string, options: InputOptions) => {
      const secrets = await secretsOf(options);
      const changed = await parts.withContext(async (ctx) => {
        const repository = await repositoryNamed(ctx, name);
        const { buildArguments: before } = await getSource(ctx, repository);
        const left = Object.entries(before).filter(([each]) => options.removeArg?.includes(each) !== true);
        const buildArguments = { ...Object.fromEntries(left), ...options.arg };
        return changeSource(ctx, repository, { buildArguments, secrets });
      });
      const shown = Object.entries(changed.buildArguments).map(([each, value]) => `${each}=${value}`);
      printLine(`Arguments: ${shown.join(' ') || 'none'}`);
      printLine(`Secrets:   ${changed.secretNames.join(' ') || 'none'}`);
    });
}
