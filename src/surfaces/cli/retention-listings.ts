import type { Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { displayName } from '../../features/repositories/names';
import { previewNamespace, type RepositoryFate } from '../../features/retention/namespace-policies';
import { previewRetention, type RetentionPreview } from '../../features/retention/preview';
import { reasonText } from '../../features/retention/reasons';
import { listRetentionRuns } from '../../features/retention/runs';
import type { CommandParts, ListingOptions } from './command-parts';
import { count, formatTime, printJson, printLine, printTable } from './output';
import { REPOSITORY, repositoryNamed } from './repository-argument';
import { NAME, OF_NAMESPACE, type NamespaceOption } from './retention-arguments';

/** More tags and repositories than there can be. */
const ALL = { limit: 1_000_000, offset: 0 } as const;
const RUNS = { limit: 50, offset: 0 } as const;

function printTags({ tags, rules, deleted, kept }: RetentionPreview): void {
  printTable(
    ['TAG', 'PUSHED (UTC)', 'A RUN WOULD'],
    tags.map(({ tag, pushedAt, keptBecause }) => [
      tag,
      formatTime(pushedAt),
      keptBecause === undefined ? 'delete it' : `keep it: ${reasonText(keptBecause, rules)}`,
    ]),
  );
  printLine(`${count(deleted, 'tag')} would be deleted, ${kept} would stay.`);
}

function printRepositories(repositories: readonly RepositoryFate[]): void {
  printTable(
    ['REPOSITORY', 'POLICY', 'WOULD DELETE', 'WOULD KEEP'],
    repositories.map((fate) => [
      displayName(fate),
      fate.hasOwnPolicy ? 'its own' : 'of the namespace',
      fate.deleted,
      fate.kept,
    ]),
  );
}

/** `drydock retention dry-run` and `drydock retention runs`. */
export function addRetentionListings(retention: Command, parts: CommandParts): void {
  retention
    .command('dry-run')
    .description('list which tags a run would delete, and why the others stay; deletes nothing')
    .argument('<name>', NAME)
    .option(...OF_NAMESPACE)
    .option('--json', 'print the list as JSON')
    .action(async (name: string, { namespace, json }: NamespaceOption & ListingOptions) => {
      if (namespace === true) {
        const { repositories } = await parts.withContext((ctx) => previewNamespace(ctx, OPERATOR_ACTOR, { name }, ALL));
        if (json === true) printJson(repositories);
        else printRepositories(repositories);
        return;
      }
      const preview = await parts.withContext(async (ctx) =>
        previewRetention(ctx, await repositoryNamed(ctx, name), undefined, ALL),
      );
      if (json === true) printJson(preview);
      else printTags(preview);
    });
  retention
    .command('runs')
    .description('list the last runs in a repository')
    .argument('<name>', REPOSITORY)
    .option('--json', 'print the list as JSON')
    .action(async (name: string, { json }: ListingOptions) => {
      const { runs } = await parts.withContext(async (ctx) =>
        listRetentionRuns(ctx, await repositoryNamed(ctx, name), RUNS),
      );
      if (json === true) printJson(runs);
      else
        printTable(
          ['RUN', 'REQUESTED (UTC)', 'BY', 'STATE', 'DELETED', 'KEPT'],
          runs.map((run) => [
            run.id,
            formatTime(run.requestedAt),
            run.requestedBy ?? 'schedule',
            run.state,
            run.deleted,
            run.kept ?? '-',
          ]),
        );
    });
}
