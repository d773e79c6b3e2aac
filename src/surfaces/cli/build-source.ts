import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { listRules, setRules, type BuildRule, type RuleToSave } from '../../features/builds/rules';
import { removeSource } from '../../features/builds/source-changes';
import { addSource, getSource, PROVIDERS, type Provider, type WantedCredential } from '../../features/builds/sources';
import { addBuildInputCommand } from './build-inputs';
import type { CommandParts, ListingOptions } from './command-parts';
import { printJson, printLine, printTable } from './output';
import { REPOSITORY, repositoryNamed } from './repository-argument';

interface AddOptions {
  readonly provider: Provider;
  readonly tokenFile?: string;
  readonly syncDescription?: true;
}

async function credentialOf({ tokenFile }: AddOptions): Promise<WantedCredential | undefined> {
  if (tokenFile === undefined) return undefined;
  return { kind: 'token', token: (await readFile(tokenFile, 'utf8')).trim() };
}

function printRules(rules: readonly BuildRule[]): void {
  printTable(
    ['RULE', 'TYPE', 'NAME OR PATTERN', 'DOCKERFILE', 'CONTEXT', 'TAG'],
    rules.map((rule) => [rule.id, rule.refType, rule.refPattern, rule.dockerfilePath, rule.contextPath, rule.tag]),
  );
}

function addSourceCommands(build: Command, parts: CommandParts): void {
  const source = build.command('source').description('where a repository is built from');
  source
    .command('add')
    .description('make a repository an automated one; prints the URL and the secret of its hooks once')
    .argument('<repository>', REPOSITORY)
    .argument('<url>', 'https://host/path, ssh://git@host/path or git@host:path')
    .addOption(new Option('--provider <name>', 'who sends the hooks').choices(PROVIDERS).default('git'))
    .option('--token-file <path>', 'a file with a token to clone with')
    .option('--sync-description', 'the README next to the Dockerfile becomes the description')
    .action(async (name: string, cloneUrl: string, options: AddOptions) => {
      const credential = await credentialOf(options);
      const { provider, syncDescription: syncsDescription } = options;
      const added = await parts.withContext(async (ctx) =>
        addSource(ctx, await repositoryNamed(ctx, name), { provider, cloneUrl, credential, syncsDescription }),
      );
      printLine(`Hook URL:    ${added.hookUrl}`);
      printLine(`Hook secret: ${added.hookSecret}`);
      if (added.publicKey !== undefined) printLine(`Deploy key:  ${added.publicKey}`);
    });
  source
    .command('show')
    .description('show the source of a repository, without its secrets')
    .argument('<repository>', REPOSITORY)
    .action(async (name: string) => {
      printJson(await parts.withContext(async (ctx) => getSource(ctx, await repositoryNamed(ctx, name))));
    });
  addBuildInputCommand(source, parts);
  source
    .command('remove')
    .description('make a repository an ordinary one again; its history stays')
    .argument('<repository>', REPOSITORY)
    .action(async (name: string) => {
      await parts.withContext(async (ctx) => removeSource(ctx, await repositoryNamed(ctx, name)));
      printLine(`${name} is no longer built from a source.`);
    });
}

interface RuleOptions {
  readonly branch?: string;
  readonly tag?: string;
  readonly dockerfile: string;
  readonly context?: string;
}

function addRuleCommands(build: Command, parts: CommandParts): void {
  const rule = build.command('rule').description('which branches and tags become which docker tags');
  const changeRules = (name: string, change: (rules: readonly BuildRule[]) => readonly RuleToSave[]) =>
    parts.withContext(async (ctx) => {
      const repository = await repositoryNamed(ctx, name);
      return setRules(ctx, repository, change(await listRules(ctx, repository)));
    });
  rule
    .command('list')
    .description('list the build rules of a repository')
    .argument('<repository>', REPOSITORY)
    .option('--json', 'print the list as JSON')
    .action(async (name: string, { json }: ListingOptions) => {
      const rules = await parts.withContext(async (ctx) => listRules(ctx, await repositoryNamed(ctx, name)));
      if (json === true) printJson(rules);
      else printRules(rules);
    });
  rule
    .command('add')
    .description('add a build rule')
    .argument('<repository>', REPOSITORY)
    .argument('<docker-tag>', 'with {ref} for the branch or tag, and {sha} for the commit')
    .addOption(new Option('--branch <pattern>', 'a branch: a name, or a pattern with * and ?').conflicts('tag'))
    .option('--tag <pattern>', 'a tag')
    .option('--dockerfile <path>', 'from the root of the source', 'Dockerfile')
    .option('--context <path>', 'instead of the folder of the Dockerfile')
    .action(async (name: string, dockerTag: string, options: RuleOptions) => {
      const { branch = 'master', tag, dockerfile: dockerfilePath, context: contextPath } = options;
      const of = tag === undefined ? { refType: 'branch', refPattern: branch } : { refType: 'tag', refPattern: tag };
      const added = { ...of, dockerfilePath, contextPath, tag: dockerTag } as RuleToSave;
      printRules(await changeRules(name, (rules) => [...rules, added]));
    });
  rule
    .command('remove')
    .description('remove a build rule; builds that wait for it are cancelled')
    .argument('<repository>', REPOSITORY)
    .argument('<rule>', 'the number of the rule')
    .action(async (name: string, id: string) => {
      printRules(await changeRules(name, (rules) => rules.filter((one) => String(one.id) !== id)));
    });
}

/** `drydock build source …` and `drydock build rule …`. */
export function addBuildSourceCommands(build: Command, parts: CommandParts): void {
  addSourceCommands(build, parts);
  addRuleCommands(build, parts);
}
