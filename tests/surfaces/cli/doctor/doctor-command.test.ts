import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { addDoctorCommand } from '../../../../src/surfaces/cli/doctor/command';
import type { Report } from '../../../../src/surfaces/cli/doctor/doctor';
import { freePort } from '../../../helpers/free-port';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';
import { startMeddlingProxy } from './meddling-proxy';

let open: TestServer;
let closed: TestServer;

beforeAll(async () => {
  open = await startTestServer();
  closed = await startTestServer({ settings: { registrationOpen: false } });
  await addUser(open, 'alice');
  await addUser(closed, 'alice');
});

afterAll(async () => {
  await open.close();
  await closed.close();
});

interface Ran {
  readonly printed: string;
  readonly progress: readonly string[];
  readonly failed: boolean;
}

async function doctor(...words: string[]): Promise<Ran> {
  const printed: string[] = [];
  const progress: string[] = [];
  let failed = false;
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addDoctorCommand(program, {
    print: (text) => printed.push(text),
    progress: (text) => progress.push(text),
    markFailed: () => {
      failed = true;
    },
  });
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(['doctor', ...words], { from: 'user' });
  return { printed: printed.join('\n'), progress, failed };
}

it('registers its own user and shows its progress', async () => {
  const { printed, progress, failed } = await doctor(open.url);
  expect(failed).toBe(false);
  expect(printed).toContain('All engines passed.');
  expect(progress[0]).toMatch(/^registered the user doctor[0-9a-f]{12}$/);
  expect(progress).toContain('docker 0.6.7: push ok');
  expect(progress).toContain('docker 17.05.0-ce: register -');
  expect(progress).toHaveLength(1 + 7 * 12);
});

/** The accounts that the doctor has left on a server. */
function leftOn({ ctx }: TestServer): Promise<string[]> {
  return ctx.db<{ username: string }>('users').where('username', 'like', 'doctor%').pluck('username');
}

it.each([
  ['without an account', []],
  ['with an account', ['--user', 'alice', '--password', 'alicepw']],
])('leaves no account behind, %s', async (_, words) => {
  const { failed, progress } = await doctor(open.url, ...words);
  expect(failed).toBe(false);
  expect(progress.filter((line) => line.includes('could not'))).toEqual([]);
  await expect(leftOn(open)).resolves.toEqual([]);
  await expect(open.ctx.db('repositories').where('name', 'like', 'doctor%')).resolves.toEqual([]);
});

it.each([
  ['without an account', []],
  ['with an account', ['--user', 'alice', '--password', 'alicepw']],
])('creates one account on a server that cannot delete it, and reports it, %s', async (_, words) => {
  const other = await startTestServer();
  await addUser(other, 'alice');
  const missing = { status: 404, headers: [], body: Buffer.from('404 page not found\n') };
  const proxy = await startMeddlingProxy(other, {
    instead: ({ path }) => (path.startsWith('/api/') ? missing : undefined),
  });
  try {
    const { failed, progress } = await doctor(proxy.url, ...words);
    expect(failed).toBe(false);
    const left = await leftOn(other);
    expect(left).toHaveLength(1);
    expect(progress.at(-1)).toBe(`The doctor could not delete the account that it has created: ${left.join(', ')}`);
  } finally {
    await proxy.close();
    await other.close();
  }
});

it.each(['http://127.0.0.1', '127.0.0.1'])('stops if nothing listens at %s', async (address) => {
  const url = `${address}:${await freePort()}`;
  const ran = doctor(url);
  await expect(ran).rejects.toThrow(
    new RegExp(`^Nothing listens at ${url}: connect ECONNREFUSED 127\\.0\\.0\\.1:\\d+$`),
  );
});

it('accepts a user, a repository and a list of engines', async () => {
  const flags = ['--user', 'alice', '--password', 'alicepw', '--repository', 'alice/mine', '--json'];
  const { printed, failed } = await doctor(open.url, ...flags, '--generation', '1.5', '--generation', '0.9.1');
  const report = JSON.parse(printed) as Report;
  expect(failed).toBe(false);
  expect(report).toMatchObject({ url: open.url, username: 'alice', isHealthy: true });
  expect(report.engines.map(({ version }) => version)).toEqual(['1.5.0', '0.9.1']);
  expect(report.engines[1]?.steps.resume).toEqual({ status: 'not applicable', reason: 'this engine never resumes' });
});

it('pushes under a root name, which is in library for a pull', async () => {
  await addUser(open, 'root1', { isAdmin: true });
  const { printed, failed } = await doctor(
    open.url,
    '--user',
    'root1',
    '--password',
    'root1pw',
    '--repository',
    'thing',
  );
  expect(printed).toContain('All engines passed.');
  expect(failed).toBe(false);
});

it('accepts a server that registers nobody, except for 0.6, which cannot read that answer', async () => {
  const { printed, failed } = await doctor(closed.url, '--user', 'alice', '--password', 'alicepw', '--json');
  const report = JSON.parse(printed) as Report;
  expect(failed).toBe(true);
  const registered = report.engines.map(({ generation, steps }) => [generation, steps.register.status]);
  expect(registered).toEqual([
    ['0.6', 'failed'],
    ['0.9', 'ok'],
    ['1.0', 'ok'],
    ['1.5', 'ok'],
    ['1.7', 'ok'],
    ['1.13', 'not applicable'],
    ['17.05', 'not applicable'],
  ]);
});

it('asks for a user if it cannot create one', async () => {
  const { progress, failed } = await doctor(closed.url, '--generation', '1.7');
  expect(failed).toBe(true);
  expect(progress[0]).toBe('The doctor could not register a user (it answered 401): use --user and --password.');
  expect(progress).toContain('docker 1.7.1: login FAILED');
});

it.each([
  ['no URL', []],
  ['another scheme', ['ftp://example.com']],
  ['a path', ['http://example.com/registry']],
  ['a user without a password', ['http://example.com', '--user', 'alice']],
  ['a password without a user', ['http://example.com', '--password', 'x']],
  ['an engine that it does not know', ['http://example.com', '--generation', '1.99']],
  ['a repository that is none', ['http://example.com', '--repository', '../etc']],
])('refuses %s', async (_, words) => {
  await expect(doctor(...words)).rejects.toMatchObject({ name: 'CommanderError' });
});

describe('the command itself', () => {
  async function run(input: string, ...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const drydock = path.join(__dirname, '../../../../bin/drydock.js');
    const child = spawn(process.execPath, [drydock, 'doctor', ...words], { env: { PATH: process.env['PATH'] } });
    const ended = once(child, 'exit') as Promise<[number]>;
    child.stdin.end(input);
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr };
  }

  it('prints the table and exits with 0 if all is well', async () => {
    const { code, stdout, stderr } = await run('alicepw\n', open.url, '--user', 'alice', '--password-stdin');
    expect(stdout).toContain(
      '17.05.0-ce  ok    ok     -         ok    ok          ok    ok      ok      ok  ok        ok        ok\n',
    );
    expect(stderr).toContain('docker 1.5.0: push again ok\n');
    expect(code).toBe(0);
  });

  it('exits with 1 if an engine fails', async () => {
    const { code, stdout } = await run('wrong\n', open.url, '--user', 'alice', '--password-stdin', '--json');
    expect((JSON.parse(stdout) as Report).isHealthy).toBe(false);
    expect(code).toBe(1);
  });
});
