import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listeningLine } from '../helpers/listening-line';

/*
 * The package of `npm pack`, in an empty folder next to the packages that npm would install with it: those of `dependencies`, and
 * none for development.
 */

const ROOT = path.join(__dirname, '../..');

let folder: string;
let unpacked: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'drydock-package-'));
  chmodSync(folder, 0o755); // as root, Postgres runs as another user
  unpacked = path.join(folder, 'node_modules/drydock');
  mkdirSync(unpacked, { recursive: true });
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const output = execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [packed] = JSON.parse(output) as [{ filename: string }];
  execFileSync('tar', ['-xzf', path.join(folder, packed.filename), '-C', unpacked, '--strip-components', '1']);
  installDependencies();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function installDependencies(): void {
  const text = readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as { packages: Record<string, { dev?: boolean }> };
  for (const [place, { dev }] of Object.entries(packages)) {
    const isTop = /^node_modules\/(@[^/]+\/)?[^/]+$/.test(place);
    if (!isTop || dev === true || !existsSync(path.join(ROOT, place))) continue;
    mkdirSync(path.dirname(path.join(folder, place)), { recursive: true });
    symlinkSync(path.join(ROOT, place), path.join(folder, place));
  }
  mkdirSync(path.join(folder, 'node_modules/.bin'));
  symlinkSync('../drydock/bin/drydock.js', path.join(folder, 'node_modules/.bin/drydock'));
}

const DRYDOCK = 'node_modules/.bin/drydock';

it('has what runs and what an operator reads, and neither sources, tests nor maps', () => {
  const files = readdirSync(unpacked, { recursive: true }).map(String);
  expect(files).toEqual(
    expect.arrayContaining(['bin/drydock.js', 'dist/src/cli.js', 'README.md', 'LICENSE', 'CHANGELOG.md']),
  );
  expect(files).toEqual(
    expect.arrayContaining(['.env.example', 'docker-compose.yml', 'deploy/alerts.yml', 'docs/METRICS.md']),
  );
  expect(
    files.filter((file) => /^(src|tests|bench|scripts|\.ci)(\/|$)|^dist\/bench|\.map$|\.tsx?$/.test(file)),
  ).toEqual([]);
  expect(existsSync(path.join(folder, 'node_modules/jest'))).toBe(false);
});

it('names its version', () => {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const printed = execFileSync(DRYDOCK, ['--version'], { cwd: folder, encoding: 'utf8' });
  expect(printed.startsWith(version)).toBe(true);
});

it('serves with its own Postgres, in the folder where it was started', async () => {
  const server = spawn(DRYDOCK, ['serve', '--port', '0'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], DRYDOCK_WORKERS: '2', LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(server, 'exit');
  const url = await listeningLine(server.stdout);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ status: 'ok', version });
  expect(await (await fetch(`${url}/`, { headers: { Accept: 'text/html' } })).text()).toContain(`Version ${version}`);
  server.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
  expect(existsSync(path.join(folder, 'data/postgres/PG_VERSION'))).toBe(true);
});
