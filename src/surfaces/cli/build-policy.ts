import type { Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { getBuildPolicy, removeBuildPolicy, setBuildPolicy } from '../../features/builds/namespace-policy';
import { addPair, type Pairs } from './build-inputs';
import type { CommandParts } from './command-parts';
import { printJson, printLine } from './output';

const NAMESPACE = 'a username, or an organization';

interface SetOptions {
  readonly network?: true;
  readonly arg?: Pairs;
}

/** `drydock build policy …`. */
export function addBuildPolicyCommands(build: Command, parts: CommandParts): void {
  const policy = build.command('policy').description('what the builds of a user or organization may do');
  policy
    .command('show')
    .description('show the policy')
    .argument('<namespace>', NAMESPACE)
    .action(async (name: string) => {
      printJson(await parts.withContext((ctx) => getBuildPolicy(ctx, OPERATOR_ACTOR, name)));
    });
  policy
    .command('set')
    .description('replace the policy')
    .argument('<namespace>', NAMESPACE)
    .option('--network', 'builds reach the web, through a proxy')
    .option('--arg <name=value>', 'a value of ARG, such as the URL of a mirror', addPair)
    .action(async (namespace: string, { network, arg = {} }: SetOptions) => {
      const wanted = { namespace, allowsNetwork: network === true, buildArguments: arg };
      const set = await parts.withContext((ctx) => setBuildPolicy(ctx, OPERATOR_ACTOR, wanted));
      printLine(`Builds of ${set.namespace} have ${set.allowsNetwork ? 'a network' : 'no network'}.`);
    });
  policy
    .command('remove')
    .description('remove the policy')
    .argument('<namespace>', NAMESPACE)
    .action(async (name: string) => {
      await parts.withContext((ctx) => removeBuildPolicy(ctx, OPERATOR_ACTOR, name));
      printLine(`Removed the build policy of ${name}.`);
    });
}
