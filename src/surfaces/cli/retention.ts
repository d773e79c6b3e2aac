import { InvalidArgumentError, type Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { displayName, readFullName } from '../../features/repositories/names';
import {
  getNamespaceRetention,
  removeNamespaceRetention,
  setNamespaceRetention,
} from '../../features/retention/namespace-policies';
import { getRetention, removeRetention, setRetention, type AppliedRetention } from '../../features/retention/policies';
import { rulesText } from '../../features/retention/reasons';
import { startAndCarryOut } from '../../features/retention/run';
import type { RetentionRules } from '../../features/retention/rules';
import type { CommandParts, ListingOptions } from './command-parts';
import { count, printJson, printLine } from './output';
import { REPOSITORY, repositoryNamed } from './repository-argument';
import { NAME, OF_NAMESPACE, type NamespaceOption } from './retention-arguments';
import { addRetentionListings } from './retention-listings';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

interface SetOptions extends NamespaceOption {
  readonly keepLast?: number;
  readonly keepDays?: number;
  readonly keep?: readonly string[];
  readonly only?: readonly string[];
}

function readNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a number.');
  return Number(text);
}

function print(name: string, { source, policy }: AppliedRetention): void {
  if (policy === undefined) printLine(`No retention policy applies to ${name}: all tags stay.`);
  else printLine(`${rulesText(policy)} (The policy of the ${source}, changed by ${policy.changedBy}.)`);
}

/** `drydock retention …`. */
export function addRetentionCommands(program: Command, parts: CommandParts): void {
  const retention = program.command('retention').description('say which tags stay, and delete the others');
  retention
    .command('show')
    .description('show the policy that applies')
    .argument('<name>', NAME)
    .option(...OF_NAMESPACE)
    .option('--json', 'print the policy as JSON')
    .action(async (name: string, { namespace, json }: NamespaceOption & ListingOptions) => {
      const applied = await parts.withContext(async (ctx) =>
        namespace === true
          ? getNamespaceRetention(ctx, OPERATOR_ACTOR, name)
          : getRetention(ctx, await repositoryNamed(ctx, name)),
      );
      if (json === true) printJson(applied);
      else print(name, applied);
    });
  addSetCommand(retention, parts);
  retention
    .command('remove')
    .description('remove a policy; a repository then has the policy of its namespace')
    .argument('<name>', NAME)
    .option(...OF_NAMESPACE)
    .action(async (name: string, { namespace }: NamespaceOption) => {
      await parts.withContext(async (ctx) =>
        namespace === true
          ? removeNamespaceRetention(ctx, OPERATOR_ACTOR, name)
          : removeRetention(ctx, await repositoryNamed(ctx, name)),
      );
      printLine(`Removed the retention policy of ${name}.`);
    });
  addRetentionListings(retention, parts);
  addRunCommand(retention, parts);
}

function addSetCommand(retention: Command, parts: CommandParts): void {
  retention
    .command('set')
    .description('set which tags stay: those that any of the rules keeps, latest and immutable tags')
    .argument('<name>', NAME)
    .option(...OF_NAMESPACE)
    .option('--keep-last <number>', 'keep this many of the tags that were pushed last', readNumber)
    .option('--keep-days <number>', 'keep tags that were pushed in this many days', readNumber)
    .option('--keep <patterns...>', 'keep tags that match a pattern with * and ?')
    .option('--only <patterns...>', 'delete only tags that match a pattern')
    .action(async (name: string, options: SetOptions) => {
      const { keepLast, keepDays, keep: keepTags = [], only: onlyTags = [] } = options;
      const rules: RetentionRules = { keepLast, keepDays, keepTags, onlyTags };
      const applied = await parts.withContext(async (ctx) =>
        options.namespace === true
          ? setNamespaceRetention(ctx, OPERATOR_ACTOR, { name, rules }, () => undefined)
          : setRetention(ctx, await repositoryNamed(ctx, name), rules, () => undefined),
      );
      print(name, applied);
    });
}

function addRunCommand(retention: Command, parts: CommandParts): void {
  retention
    .command('run')
    .description('delete the tags of a repository that no rule keeps, now')
    .argument('<name>', REPOSITORY)
    .option(...YES)
    .action(async (text: string, options: YesOption) => {
      const name = displayName(readFullName(text));
      await confirmUnlessYes(options, `Delete the tags of ${name} that no rule keeps?`);
      const run = await parts.withContext(async (ctx) => startAndCarryOut(ctx, await repositoryNamed(ctx, text)));
      if (run === undefined) printLine(`The server runs the retention of ${name}: see \`drydock retention runs\`.`);
      else printLine(`Deleted ${count(run.deleted, 'tag')} of ${name}, kept ${run.kept ?? 0}.`);
    });
}
