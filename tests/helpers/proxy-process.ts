import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port';
import { DAEMON_PATH } from './installed';

/** A proxy with our configuration. */
export interface Proxy {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** A program, and the configuration that it gets. */
export interface ProxyProgram {
  readonly program: string;
  /** @param dir - a folder of its own */
  configuration(port: number, dir: string): string;
  args(file: string, dir: string): string[];
}

async function untilItListens(port: number, hasEnded: () => boolean): Promise<void> {
  for (;;) {
    if (hasEnded()) throw new Error('the proxy ended before it listened');
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await sleep(20);
  }
}

/** Starts a proxy on a free port of the loopback. */
export async function startProxy({ program, configuration, args }: ProxyProgram): Promise<Proxy> {
  const dir = await mkdtemp(path.join(tmpdir(), `drydock-${program}-`));
  const port = await freePort();
  const file = path.join(dir, 'configuration');
  await writeFile(file, configuration(port, dir));
  const child = spawn(program, args(file, dir), { env: { PATH: DAEMON_PATH }, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  await untilItListens(port, () => child.exitCode !== null);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      child.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true });
    },
  };
}
