import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { DAEMON_PATH } from '../helpers/installed';

/** How a command of a client ended. */
export interface Ended {
  readonly code: number | null;
  /** what it printed, errors included */
  readonly output: string;
}

/** A folder in which a client keeps its images and credentials, so that it touches nothing of the machine. */
export interface ClientPlace {
  readonly dir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Runs a command there. */
  attempt(program: string, args: readonly string[], input?: string | Buffer): Promise<Ended>;
  /** Runs a command that has to work; resolves to its standard output, without spaces at its ends. */
  run(program: string, args: readonly string[], input?: string | Buffer): Promise<string>;
  close(): Promise<void>;
}

/** Creates the folder of a client. */
export async function createClientPlace(): Promise<ClientPlace> {
  const dir = await mkdtemp('/tmp/drydock-client-'); // short: podman wants a path of at most 50 characters for its run folder
  const environment = {
    PATH: DAEMON_PATH,
    HOME: dir,
    TMPDIR: path.join(dir, 'tmp'),
    DOCKER_CONFIG: path.join(dir, 'docker-config'),
    REGISTRY_AUTH_FILE: path.join(dir, 'auth.json'),
  };
  await mkdir(environment.TMPDIR);
  const start = async (program: string, args: readonly string[], input: string | Buffer = '') => {
    const child = spawn(program, args, { cwd: dir, env: environment });
    const printed = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (printed[name] += text));
    }
    child.stdin.on('error', () => undefined); // it may end without reading
    child.stdin.end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...printed };
  };
  return {
    dir,
    environment,
    attempt: async (program, args, input) => {
      const { code, stdout, stderr } = await start(program, args, input);
      return { code, output: stdout + stderr };
    },
    run: async (program, args, input) => {
      const { code, stdout, stderr } = await start(program, args, input);
      if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
      return stdout.trim();
    },
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

/** The version that a program prints, as three numbers. */
export function versionOf(program: string, option: string): string {
  const text = execFileSync(program, [option], { env: { PATH: DAEMON_PATH }, encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'unknown';
}
