import { InvalidArgumentError, type Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { deletePlan, listPlans, setPlan } from '../../features/namespaces/plans';
import { updateNamespace } from '../../features/namespaces/settings';
import { readByteSize, showByteSize } from '../../platform/bytes/byte-size';
import { printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';
import { confirmUnlessYes, YES, type YesOption } from './terminal';

const NAMESPACE = 'a username, or an organization';

function readLimit(text: string): number | undefined {
  if (text === 'unlimited') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A number, or unlimited.');
  return Number(text);
}

function readBytes(text: string): number | undefined {
  if (text === 'unlimited') return undefined;
  const bytes = readByteSize(text);
  if (bytes === undefined) throw new InvalidArgumentError('Bytes, a size such as 500m or 10g, or unlimited.');
  return bytes;
}

function readPosition(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A number.');
  return Number(text);
}

interface SetOptions {
  readonly layers?: number;
  readonly position: number;
}

/** `drydock plan …`. */
export function addPlanCommands(program: Command, parts: CommandParts): void {
  const plan = program
    .command('plan')
    .description('how many private repositories and bytes of layers a user or organization may have');
  plan
    .command('list')
    .description('list all plans')
    .option('--json', 'print the list as JSON')
    .action(async ({ json }: ListingOptions) => {
      const plans = await parts.withContext(listPlans);
      if (json === true) printJson(plans);
      else
        printTable(
          ['PLAN', 'PRIVATE REPOSITORIES', 'LAYERS'],
          plans.map((each) => [each.name, shown(each.privateRepositories), shownBytes(each.storedBytes)]),
        );
    });
  addSetCommand(plan, parts);
  plan
    .command('delete')
    .description('delete a plan that nobody has')
    .argument('<name>', "the plan's name")
    .option(...YES)
    .action(async (name: string, options: YesOption) => {
      await confirmUnlessYes(options, `Delete the plan ${name}?`);
      await parts.withContext((ctx) => deletePlan(ctx, OPERATOR_ACTOR, name));
      printLine(`Deleted the plan ${name}.`);
    });
  plan
    .command('assign')
    .description('give somebody a plan; a smaller one deletes nothing, it only lets no more repositories be private')
    .argument('<namespace>', NAMESPACE)
    .argument('<plan>', "the plan's name")
    .action(async (namespace: string, name: string) => {
      const slots = await parts.withContext(async (ctx) => {
        const { slots } = await updateNamespace(ctx, OPERATOR_ACTOR, namespace, { plan: name });
        return slots;
      });
      const used = `${slots?.used ?? 0} of ${shown(slots?.limit)} private repositories`;
      printLine(`${namespace} has the plan ${name}: ${used}.`);
    });
}

function shown(limit: number | undefined): string {
  return limit === undefined ? 'unlimited' : String(limit);
}

function shownBytes(bytes: number | undefined): string {
  return bytes === undefined ? 'unlimited' : showByteSize(bytes);
}

function addSetCommand(plan: Command, parts: CommandParts): void {
  plan
    .command('set')
    .description('make a plan, or change one')
    .argument('<name>', "the plan's name")
    .argument('<repositories>', 'how many may be private, or `unlimited`', readLimit)
    .option(
      '--layers <size>',
      'how many bytes of layers a namespace may hold: 500m, 10g or unlimited; without it, as before',
      readBytes,
    )
    .option('--position <number>', 'its place in the list', readPosition, 100)
    .action(async (name: string, privateRepositories: number | undefined, options: SetOptions) => {
      const storedBytes = await parts.withContext(async (ctx) => {
        const known = (await listPlans(ctx)).find((each) => each.name === name);
        const bytes = 'layers' in options ? options.layers : known?.storedBytes;
        const { position } = options;
        await setPlan(ctx, OPERATOR_ACTOR, { name, privateRepositories, storedBytes: bytes, position });
        return bytes;
      });
      printLine(
        `The plan ${name} allows ${shown(privateRepositories)} private repositories and ${shownBytes(storedBytes)} of layers.`,
      );
    });
}
