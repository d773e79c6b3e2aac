import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CommandParts } from '../../../src/surfaces/cli/command-parts';
import { buildProgram } from '../../../src/surfaces/cli/program';
import { runInProcess } from '../../helpers/command-in-process';
import { createCommandPlace, failure, success, type CommandPlace } from '../../helpers/command-place';
import { startCommand } from '../../helpers/run-command';

/** The commands with their words, such as `user delete`. */
function leavesOf(command: Command, words: readonly string[] = []): { words: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const all = [...words, child.name()];
    return child.commands.length > 0 ? leavesOf(child, all) : [{ words: all.join(' '), command: child }];
  });
}

it('every command that cannot be undone asks, and has --yes', () => {
  const parts = { version: '0' } as CommandParts;
  const leaves = leavesOf(buildProgram(parts));
  const final = leaves.filter(({ words }) => /delete|revoke|convert|free$|off$/.test(words));
  expect(final.map(({ words }) => words)).toContain('user delete');
  const without = final.filter(({ command }) => !command.options.some(({ long }) => long === '--yes'));
  expect(without.map(({ words }) => words)).toEqual([]);
});

it.each([
  'user delete alice', 'org delete acme', 'org convert alice --owner bobby', 'org robot-delete acme ci',
  'team delete acme builders', 'plan delete tiny', 'token revoke alice 1', 'repo delete alice/app',
  'repo alias-delete alice/app alice/old', 'webhook delete alice/app ci', 'oauth-client delete x', 'retired-name free x',
  'retention run alice/app', 'user second-factor-off alice',
])('drydock %s does nothing without a terminal or --yes', async (line) => {
  const { code, stderr } = await runInProcess(line.split(' '), {});
  expect([code, stderr]).toEqual([1, expect.stringContaining('This cannot be undone: confirm it with --yes')]);
}); // prettier-ignore

let place: CommandPlace;
beforeAll(async () => {
  place = await createCommandPlace();
});
afterAll(() => place.close());

const LEAVES = [
  'serve', 'builder', 'migrate', 'upgrade-postgres', 'seed', 'gc', 'scrub', 'backup', 'restore', 'verify-backup', 'rotate-key', 'audit',
  'user list', 'user add', 'user passwd', 'user activate', 'user deactivate', 'user admin', 'user delete',
  'mail test',
  'repo list', 'repo create', 'repo delete', 'repo private', 'repo public',
  'oauth-client list', 'oauth-client add', 'oauth-client delete',
]; // prettier-ignore

describe('help', () => {
  it('lists every command, on stdout', async () => {
    const { code, stdout, stderr } = await startCommand(['--help'], {}).ended;
    expect([code, stderr]).toEqual([0, '']);
    const listed = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name]) => name);
    const commands =
      'serve builder migrate upgrade-postgres seed user token org team plan repo retention build linked retired-name webhook oauth-client gc scrub storage backup restore verify-backup rotate-key audit mail doctor completion version help';
    expect(listed).toEqual(commands.split(' '));
  });

  it.each(LEAVES)('describes %s without a database', async (command) => {
    const { code, stdout, stderr } = await runInProcess([...command.split(' '), '--help'], { PORT: 'bad' });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: drydock ${command} .*\n\n[a-z].{10}`));
  });

  it.each(['migrate', 'gc', 'scrub', 'user list', 'repo list'])('offers --json for %s', async (command) => {
    const { stdout } = await runInProcess([...command.split(' '), '--help'], {});
    expect(stdout).toMatch(/^ {2}--json +print/m);
  });
});

it('prints its version, and the commit if the build knew it', async () => {
  const manifest: unknown = JSON.parse(readFileSync(path.join(__dirname, '../../../package.json'), 'utf8'));
  const { version } = manifest as { version: string };
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  const { code, stdout, stderr } = await startCommand(['--version'], {}).ended;
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.replace(/ \([0-9a-f]{7,40}(-dirty)?\)\n$/, '\n')).toBe(`${version}\n`);
  for (const word of ['--version', '-V', 'version']) {
    await expect(runInProcess([word], {})).resolves.toEqual(success('of the tests\n'));
  }
});

describe('an invalid command line', () => {
  it.each([
    [['usr', 'list'], "error: unknown command 'usr'"],
    [['user', 'list', '--yaml'], "error: unknown option '--yaml'"],
    [['user', 'add'], "error: missing required argument 'name'"],
    [['gc', '--older-than', 'soon'], 'Expected a number of hours.'],
    [['gc', '--older-than', '-1'], 'Expected a number of hours.'],
    [['scrub', '--rate', 'fast'], 'Expected a number of megabytes per second.'],
    [['scrub', '--rate', '-1'], 'Expected a number of megabytes per second.'],
    [['user', 'add', 'alice', '--generate', '--password-stdin'], 'cannot be used with option'],
    [['user', 'add', 'alice', '--generate', '--password', 'secret1'], 'cannot be used with option'],
  ])('ends with 2 and a message on stderr: %j', async (args, word) => {
    const { code, stdout, stderr } = await place.run(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(word);
  });

  it.each([
    [['usr'], 'drydock'],
    [['user', 'lits'], 'drydock user'],
    [['user', 'add'], 'drydock user add'],
    [['gc', '--older'], 'drydock gc'],
  ])('points to the help of its command: %j', async (args, command) => {
    const { stderr } = await runInProcess(args, {});
    expect(stderr).toContain(`\nSee \`${command} --help\`.\n`);
  });

  it('is also an empty one, which shows the help', async () => {
    const { code, stdout, stderr } = await startCommand([], place.environment).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: drydock');
  });
});

describe('a failure to start', () => {
  it('reports every bad value of the configuration at once', async () => {
    const environment = { ...place.environment, PORT: 'http', LOG_LEVEL: 'loud', DRYDOCK_REGISTRATION: 'maybe' };
    const { code, stdout, stderr } = await runInProcess(['user', 'list'], environment);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: The configuration has invalid values:\n( {2}.+\n){3}$/);
    for (const name of ['PORT', 'LOG_LEVEL', 'DRYDOCK_REGISTRATION']) expect(stderr).toContain(`  ${name}: `);
  });

  it('reports a database that does not exist, without waiting for it', async () => {
    const DATABASE_URL = place.database.url.replace(/t_[0-9a-f]{16}/, 't_missing');
    const outcome = await runInProcess(['user', 'list'], { ...place.environment, DATABASE_URL });
    expect(outcome).toEqual(
      failure(
        'Cannot use the database: database "t_missing" does not exist. ' +
          'Create it: createdb --encoding=UTF8 --template=template0 NAME.',
      ),
    );
  });

  it('reports a data directory that cannot be one', async () => {
    const DRYDOCK_DATA_DIR = path.join(__filename, 'data');
    const { code, stdout, stderr } = await runInProcess(['user', 'list'], { ...place.environment, DRYDOCK_DATA_DIR });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^error: The data directory .+ cannot be used: ENOTDIR: .+ Set DRYDOCK_DATA_DIR to one .+\n$/,
    );
  });
});

it('logs to stderr, and more if told to', async () => {
  const { code, stdout, stderr } = await startCommand(['user', 'activate', 'nobody'], {
    ...place.environment,
    LOG_LEVEL: 'debug',
  }).ended;
  expect([code, stdout]).toEqual([1, '']);
  const lines = stderr.trimEnd().split('\n');
  expect(lines.at(-1)).toBe('error: No such user: nobody');
  const logged = lines.slice(0, -1).map((line) => JSON.parse(line) as { msg: string; err?: { stack: string } });
  expect(logged.find(({ msg }) => msg === 'the command failed')?.err?.stack).toContain('No such user: nobody');
});
