import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { readLog } from '../../features/builds/build-log';
import { listBuilds, type Build } from '../../features/builds/builds';
import { cancelBuild, startBuilds, type StartRequest } from '../../features/builds/starting';
import type { Context } from '../../context';
import type { AdministeredRepository } from '../../features/repositories/access';
import { addBuildPolicyCommands } from './build-policy';
import { addBuildSourceCommands } from './build-source';
import type { CommandParts, ListingOptions } from './command-parts';
import { formatTime, printJson, printLine, printTable } from './output';
import { REPOSITORY, repositoryNamed } from './repository-argument';

const LISTED = { limit: 50, offset: 0 } as const;
const FOLLOW_MS = 1000;

function readId(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Expected the number of a build.');
  return Number(text);
}

function printBuilds(builds: readonly Build[]): void {
  printTable(
    ['BUILD', 'STATE', 'CAUSE', 'REF', 'TAG', 'COMMIT', 'CREATED (UTC)'],
    builds.map((build) => [
      build.id,
      build.state,
      build.cause,
      build.refName,
      build.tag,
      build.commit?.hash.slice(0, 7) ?? '',
      formatTime(build.createdAt),
    ]),
  );
}

/** Prints a log, and what is added to it until the build has ended. */
async function printLog(ctx: Context, repository: AdministeredRepository, id: number, follows: boolean): Promise<void> {
  for (let after = 0; ;) {
    const { chunks, last, isComplete } = await readLog(ctx, repository, id, after);
    for (const { text } of chunks) process.stdout.write(text);
    if (isComplete || (chunks.length === 0 && !follows)) return;
    after = last;
    if (chunks.length === 0) await sleep(FOLLOW_MS);
  }
}

interface StartOptions {
  readonly branch?: string;
  readonly tag?: string;
  readonly cache: boolean;
}

function requestOf({ branch, tag }: StartOptions): StartRequest {
  if (branch !== undefined) return { kind: 'ref', type: 'branch', name: branch };
  return tag === undefined ? { kind: 'all' } : { kind: 'ref', type: 'tag', name: tag };
}

/** `drydock build …`. */
export function addBuildCommands(program: Command, parts: CommandParts): void {
  const build = program.command('build').description('automated builds: their sources, rules, history and logs');
  build
    .command('list')
    .description('list the last 50 builds of a repository')
    .argument('<repository>', REPOSITORY)
    .option('--json', 'print the list as JSON')
    .action(async (name: string, { json }: ListingOptions) => {
      const { builds } = await parts.withContext(async (ctx) =>
        listBuilds(ctx, await repositoryNamed(ctx, name), {}, LISTED),
      );
      if (json === true) printJson(builds);
      else printBuilds(builds);
    });
  build
    .command('log')
    .description('print the log of a build')
    .argument('<repository>', REPOSITORY)
    .argument('<build>', 'the number of the build', readId)
    .option('-f, --follow', 'print what is added to it until the build has ended')
    .action(async (name: string, id: number, { follow }: { readonly follow?: true }) => {
      await parts.withContext(async (ctx) => printLog(ctx, await repositoryNamed(ctx, name), id, follow === true));
    });
  build
    .command('start')
    .description('build all rules, or a branch or tag')
    .argument('<repository>', REPOSITORY)
    .option('--branch <name>', 'only the rules about this branch')
    .option('--tag <name>', 'only the rules about this tag')
    .option('--no-cache', 'run all steps again, without the layers of earlier builds')
    .action(async (name: string, options: StartOptions) => {
      const builds = await parts.withContext(async (ctx) =>
        startBuilds(ctx, await repositoryNamed(ctx, name), requestOf(options), { noCache: !options.cache }),
      );
      for (const { id, refName, tag } of builds) printLine(`Build ${id} of ${refName} to ${tag} waits for a builder.`);
    });
  build
    .command('cancel')
    .description('cancel a build that waits or runs')
    .argument('<repository>', REPOSITORY)
    .argument('<build>', 'the number of the build', readId)
    .action(async (name: string, id: number) => {
      const { state } = await parts.withContext(async (ctx) => cancelBuild(ctx, await repositoryNamed(ctx, name), id));
      const isOver = state === 'cancelled';
      printLine(isOver ? `Build ${id} was cancelled.` : `The builder was asked to stop build ${id}.`);
    });
  addBuildSourceCommands(build, parts);
  addBuildPolicyCommands(build, parts);
}
