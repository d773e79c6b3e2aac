import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInProcess } from '../../helpers/command-in-process';
import { describeInstalled, isInstalled } from '../../helpers/installed';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'drydock-completion-'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await runInProcess(['completion', shell], {});
    expect([code, stderr]).toEqual([0, '']);
    await writeFile(path.join(folder, shell), stdout);
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** The commands that complete the last word of a line. The functions of bash and zsh are called as the shells call them. */
const SHELLS = {
  bash: (line: string) => [
    '-c',
    `source ${folder}/bash
    COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _drydock; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: (line: string) => [
    '-fc',
    `autoload -U compinit; compinit -D -u; source ${folder}/zsh
    compadd() { shift; print -l -- \${(M)@:#\${words[CURRENT]}*} }
    words=(${line}); CURRENT=$#words
    _drydock`,
  ],
  fish: (line: string) => ['-c', `source ${folder}/fish; complete -C "${line.replace("''", '')}"`],
};

const LINES: readonly [line: string, words: readonly string[]][] = [
  ['drydock sc', ['scrub']],
  [
    "drydock user ''",
    [
      'list',
      'add',
      'passwd',
      'activate',
      'deactivate',
      'admin',
      'second-factor-off',
      'rename',
      'sign-ins',
      'unlink',
      'delete',
    ],
  ],
  ['drydock user del', ['delete']],
  ['drydock user delete alice --y', ['--yes']],
  ['drydock gc --dry-run --older', ['--older-than']],
  ['drydock serve --', ['--port', '--data', '--help']],
  ['drydock user list --help add', []],
];

describe.each(['bash', 'zsh', 'fish'] as const)('in %s', (shell) => {
  describeInstalled(isInstalled(shell, '--version'), `completion in ${shell}`, () => {
    it.each(LINES)('%s', (line, words) => {
      const env = { PATH: process.env['PATH'], HOME: folder };
      const printed = execFileSync(shell, SHELLS[shell](line), { encoding: 'utf8', env });
      const completed = printed.split('\n').flatMap((word) => (word === '' ? [] : word.split('\t').slice(0, 1)));
      expect(completed.sort()).toEqual([...words].sort());
    });
  });
});

it('knows three shells', async () => {
  const { code, stderr } = await runInProcess(['completion', 'tcsh'], {});
  expect([code, stderr]).toEqual([2, expect.stringContaining('Allowed choices are bash, zsh, fish.')]);
});
