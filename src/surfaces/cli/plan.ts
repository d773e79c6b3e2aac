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
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a number or `unlimited`.');
  return Number(text);
}

function readBytes(text: string): number | undefined {
  if (text === 'unlimited') return undefined;
  const bytes = readByteSize(text);
  if (bytes === undefined)
    throw new InvalidArgumentError('Expected a number of bytes, a size such as 500m or 10g, or `unlimited`.');
  return bytes;
}

function readPosition(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a number.');
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
    .description(
      'manage plans, which limit the private repositories and the bytes of layers of a user or organization',
    );
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
    .description('delete a plan that is not in use')
    .argument('<name>', "the plan's name")
    .option(...YES)
    .action(async (name: string, options: YesOption) => {
      await confirmUnlessYes(options, `Delete the plan ${name}?`);
      await parts.withContext((ctx) => deletePlan(ctx, OPERATOR_ACTOR, name));
      printLine(`Deleted the plan ${name}.`);
    });
  plan
    .command('assign')
    .description('assign a plan; downgrading deletes nothing but blocks new private repositories')
    .argument('<namespace>', NAMESPACE)
    .argument('<plan>', "the plan's name")
    .action(async (namespace: string, name: string) => {
      const slots = await parts.withContext(async (ctx) => {
        const { slots } = await updateNamespace(ctx, OPERATOR_ACTOR, namespace, { plan: name });
        return slots;
      });
      const used = `${slots?.used ?? 0} of ${shown(slots?.limit)} private repositories used`;
      printLine(`${namespace} now has the plan ${name}: ${used}.`);
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
    .description('create or change a plan')
    .argument('<name>', "the plan's name")
    .argument('<repositories>', 'how many private repositories it allows, or `unlimited`', readLimit)
    .option(
      '--layers <size>',
      'how many bytes of layers it allows, such as 500m, 10g or `unlimited`; unchanged if omitted',
      readBytes,
    )
    .option('--position <number>', 'its position in the list', readPosition, 100)
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
