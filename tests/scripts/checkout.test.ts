import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { listeningLine } from '../helpers/listening-line';

/* The requirements of a checkout: its packages, the names of the folders above it, and whether it is writable. */

const ROOT = path.join(__dirname, '../..');
const isRoot = process.getuid?.() === 0;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'drydock-checkout-'));
  chmodSync(folder, 0o755); // as root, Postgres runs as another user
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lockSchema = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });

/** The packages that `npm ci` installs with NODE_ENV=production. */
function productionPackages(): string[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')));
  return Object.entries(packages).flatMap(([where, { dev }]) => {
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(where)?.[1];
    return name === undefined || dev === true || !existsSync(path.join(ROOT, where)) ? [] : [name];
  });
}

it('a checkout can be built with only the packages that `NODE_ENV=production npm ci` installs', () => {
  for (const name of productionPackages()) {
    const place = path.join(folder, 'node_modules', name);
    mkdirSync(path.dirname(place), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules', name), place);
  }
  expect(existsSync(path.join(folder, 'node_modules/jest'))).toBe(false);
  for (const part of ['src', 'migrations', 'seeds', 'bench', 'tsconfig.json', 'package.json']) {
    cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true });
  }
  const compiler = path.join(folder, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([0, '']);
  expect(existsSync(path.join(folder, 'dist/src/cli.js'))).toBe(true);
});

it('a checkout starts below a folder whose name has a special meaning in a URL', async () => {
  const checkout = path.join(folder, '100%41 #1 ?q&a');
  mkdirSync(checkout);
  for (const part of ['bin', 'dist', 'package.json']) {
    cpSync(path.join(ROOT, part), path.join(checkout, part), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(checkout, 'node_modules'));
  const server = spawn(process.execPath, ['bin/drydock.js', 'serve'], {
    cwd: checkout,
    env: { PATH: process.env['PATH'], PORT: '0', DRYDOCK_WORKERS: '2', LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(server, 'exit');
  const url = await listeningLine(server.stdout);
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(200);
  server.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
});

describe('a checkout that is not writable', () => {
  /** Runs the first step of `npm start` as a user without write access. */
  function ensureBuilt(): { status: number | null; stderr: string } {
    mkdirSync(path.join(folder, 'scripts'));
    cpSync(path.join(ROOT, 'scripts/ensure-built.mjs'), path.join(folder, 'scripts/ensure-built.mjs'));
    if (existsSync(path.join(folder, 'dist'))) chmodSync(path.join(folder, 'dist'), 0o555);
    chmodSync(folder, 0o555);
    const { status, stderr } = spawnSync(process.execPath, ['scripts/ensure-built.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
    });
    chmodSync(folder, 0o755);
    if (existsSync(path.join(folder, 'dist'))) chmodSync(path.join(folder, 'dist'), 0o755);
    return { status, stderr };
  }

  it('starts as it was built, and says so', () => {
    mkdirSync(path.join(folder, 'dist/src'), { recursive: true });
    writeFileSync(path.join(folder, 'dist/src/cli.js'), '');
    expect(ensureBuilt()).toEqual({
      status: 0,
      stderr: `${path.join(folder, 'dist')} cannot be written: starting what was built there before.\n`,
    });
  });

  it('says what to do if it was never built', () => {
    expect(ensureBuilt()).toEqual({
      status: 1,
      stderr:
        `Drydock is not built, and ${folder} cannot be written: ` +
        'run `npm run build` as a user who may write to it.\n',
    });
  });
});
