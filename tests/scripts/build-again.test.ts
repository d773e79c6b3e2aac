import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/* `npm start` builds, also while other servers start from the same checkout: they must find every file whole. */

const ROOT = path.join(__dirname, '../..');
const STATIC = 'surfaces/web/static';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'drydock-build-'));
  cpSync(path.join(ROOT, 'scripts'), path.join(folder, 'scripts'), { recursive: true });
  cpSync(path.join(ROOT, 'src', STATIC), path.join(folder, 'src', STATIC), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function runScript(name: string): void {
  const { status, stderr } = spawnSync(process.execPath, [`scripts/${name}`], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], DRYDOCK_COMMIT: 'abc' },
  });
  expect([status, stderr]).toEqual([0, '']);
}

function build(): void {
  runScript('copy-static.mjs');
  runScript('record-commit.mjs');
}

function built(): Map<string, { readonly file: number; readonly changed: number }> {
  const names = readdirSync(path.join(folder, 'dist'), { recursive: true, encoding: 'utf8' });
  return new Map(
    names.map((name) => {
      const { ino, mtimeMs } = statSync(path.join(folder, 'dist', name));
      return [name, { file: ino, changed: mtimeMs }];
    }),
  );
}

it('a second build leaves what has not changed as it is', () => {
  build();
  const first = built();
  expect([...first.keys()]).toEqual(expect.arrayContaining(['commit', `src/${STATIC}/icon.png`]));
  build();
  expect(built()).toEqual(first);
});

it('a second build replaces what has changed', () => {
  build();
  const source = path.join(folder, 'src', STATIC, 'style.css');
  const copy = path.join(folder, 'dist/src', STATIC, 'style.css');
  const whole = readFileSync(copy, 'utf8');
  const { ino } = statSync(copy);
  chmodSync(source, 0o644);
  writeFileSync(source, `${whole}\n/* changed */\n`);
  build();
  expect(readFileSync(copy, 'utf8')).toBe(`${whole}\n/* changed */\n`);
  expect(statSync(copy).ino).not.toBe(ino); // a reader of the old file keeps it whole
});
