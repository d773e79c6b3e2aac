import type { Command } from 'commander';
import type { Context } from '../../context';
import { OPERATOR_ACTOR, type RepositoryName } from '../../features/access/actor';
import type { Visibility } from '../../features/access/policy';
import { copyTag } from '../../features/images/promotion';
import { createRepository } from '../../features/repositories/creation';
import { deleteAtOnce } from '../../features/repositories/deletion';
import { getAdministered, getDeletable, getReadable, getWritable } from '../../features/repositories/get-repository';
import { listAllRepositories, type RepositorySummary } from '../../features/repositories/listings';
import { listAliases, moveRepository, removeAlias } from '../../features/repositories/moving';
import { displayName, readFullName } from '../../features/repositories/names';
import { setVisibility } from '../../features/repositories/visibility';
import { AppError } from '../../platform/errors';
import { formatTime, printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

const NAME = 'namespace/name, or just name in the library';
const EVEN_IMMUTABLE = ['--immutable-tags', 'delete it even if it has immutable tags'] as const;

function parseTagPlace(text: string): { readonly name: RepositoryName; readonly tag: string } {
  const [fullName = '', tag, ...rest] = text.split(':');
  if (tag === undefined || tag === '' || rest.length > 0) {
    throw new AppError('invalid', `${text} is not a tag: expected namespace/name:tag`);
  }
  return { name: readFullName(fullName), tag };
}

/** `drydock repo …`. */
export function addRepoCommands(program: Command, parts: CommandParts): void {
  const repo = program.command('repo').description('list, create, delete, rename, hide and publish repositories');
  repo
    .command('list')
    .description('list all repositories, or those of one namespace')
    .argument('[namespace]', 'a username, or library')
    .option('--json', 'print the list as JSON')
    .action(async (namespace: string | undefined, { json }: ListingOptions) => {
      const repositories = await parts.withContext((ctx) => listAllRepositories(ctx, OPERATOR_ACTOR, namespace));
      if (json === true) printJson(repositories);
      else printRepositories(repositories);
    });
  repo
    .command('create')
    .description('create an empty repository')
    .argument('<name>', NAME)
    .option('--private', 'only those who are given access can pull')
    .action(async (text: string, options: { private?: true }) => {
      const name = readFullName(text);
      const visibility = options.private === true ? 'private' : 'public';
      await parts.withContext((ctx) => createRepository(ctx, OPERATOR_ACTOR, name, visibility));
      printLine(`Created ${displayName(name)}.`);
    });
  repo
    .command('delete')
    .description('delete a repository with its tags and images, immediately')
    .argument('<name>', NAME)
    .option(...YES)
    .option(...EVEN_IMMUTABLE)
    .action(async (text: string, options: YesOption & { immutableTags?: true }) => {
      const name = readFullName(text);
      await confirmUnlessYes(options, `Delete ${displayName(name)}?`);
      const evenImmutable = options.immutableTags === true;
      await parts.withContext(async (ctx) => {
        await deleteAtOnce(ctx, await getDeletable(ctx, OPERATOR_ACTOR, name), { evenImmutable });
      });
      printLine(`Deleted ${displayName(name)}.`);
    });
  addVisibilityCommands(repo, parts);
  addNameCommands(repo, parts);
  addCopyCommand(repo, parts);
}

function addCopyCommand(repo: Command, parts: CommandParts): void {
  repo
    .command('copy-tag')
    .description('copy a tag and its image to another repository of the same namespace, or from the library')
    .argument('<source>', 'namespace/name:tag')
    .argument('<target>', 'namespace/name:tag')
    .action(async (sourceText: string, targetText: string) => {
      const [from, to] = [parseTagPlace(sourceText), parseTagPlace(targetText)];
      const { imageId = '', digest = imageId } = await parts.withContext(async (ctx) => {
        const source = await getReadable(ctx, OPERATOR_ACTOR, from.name);
        const target = await getWritable(ctx, OPERATOR_ACTOR, to.name);
        const copied = { repository: target, tag: to.tag, engine: {} };
        return copyTag(ctx, { repository: source, tag: from.tag }, copied);
      });
      printLine(`${displayName(to.name)}:${to.tag} now points to ${digest}.`);
    });
}

function addNameCommands(repo: Command, parts: CommandParts): void {
  repo
    .command('move')
    .description('rename a repository or transfer it to another namespace; pulls by its former name keep working')
    .argument('<name>', NAME)
    .argument('<new-name>', NAME)
    .action(async (text: string, newText: string) => {
      const [name, to] = [readFullName(text), readFullName(newText)];
      await parts.withContext(async (ctx) => {
        await moveRepository(ctx, await getAdministered(ctx, OPERATOR_ACTOR, name, 'commandMove'), to);
      });
      printLine(`${displayName(name)} is now ${displayName(to)}.`);
    });
  repo
    .command('aliases')
    .description('list the former names of a repository')
    .argument('<name>', NAME)
    .option('--json', 'print the list as JSON')
    .action(async (text: string, { json }: ListingOptions) => {
      const name = readFullName(text);
      const aliases = await parts.withContext(async (ctx) =>
        listAliases(ctx, await getDeletable(ctx, OPERATOR_ACTOR, name)),
      );
      if (json === true) printJson(aliases);
      else for (const alias of aliases) printLine(displayName(alias));
    });
  repo
    .command('alias-delete')
    .description('release a former name of a repository: pulls by it stop working, and another repository can take it')
    .argument('<name>', NAME)
    .argument('<former-name>', NAME)
    .option(...YES)
    .option(...EVEN_IMMUTABLE)
    .action(async (text: string, formerText: string, options: YesOption & { immutableTags?: true }) => {
      const [name, alias] = [readFullName(text), readFullName(formerText)];
      await confirmUnlessYes(options, `Release the former name ${displayName(alias)}?`);
      const evenImmutable = options.immutableTags === true;
      await parts.withContext(async (ctx) => {
        await removeAlias(ctx, await getDeletable(ctx, OPERATOR_ACTOR, name), alias, { evenImmutable });
      });
      printLine(`${displayName(alias)} is no longer a name of ${displayName(name)}.`);
    });
}

function addVisibilityCommands(repo: Command, parts: CommandParts): void {
  const show = async (text: string, visibility: Visibility): Promise<void> => {
    const name = readFullName(text);
    await parts.withContext(async (ctx: Context) => {
      const repository = await getAdministered(ctx, OPERATOR_ACTOR, name, 'commandVisibility');
      await setVisibility(ctx, repository, visibility);
    });
    printLine(`${displayName(name)} is now ${visibility}.`);
  };
  repo
    .command('private')
    .description('make a repository private: only those who are given access can pull it')
    .argument('<name>', NAME)
    .action((text: string) => show(text, 'private'));
  repo
    .command('public')
    .description('make a repository public: anyone can find and pull it')
    .argument('<name>', NAME)
    .action((text: string) => show(text, 'public'));
  repo
    .command('unlisted')
    .description('make a repository unlisted: anyone who knows its name can pull it, but it is not in search results')
    .argument('<name>', NAME)
    .action((text: string) => show(text, 'unlisted'));
}

function printRepositories(repositories: readonly RepositorySummary[]): void {
  printTable(
    ['REPOSITORY', 'ACCESS', 'STATE', 'TAGS', 'IMAGES', 'UPDATED (UTC)'],
    repositories.map((repository) => [
      displayName(repository),
      repository.visibility,
      repository.state,
      repository.tagCount,
      repository.imageCount,
      formatTime(repository.updatedAt),
    ]),
  );
}
