import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port';
import { DAEMON_PATH } from './installed';

/** An nginx with our configuration. */
export interface Nginx {
  readonly url: string;
  close(): Promise<void>;
}

async function untilItListens(port: number, hasEnded: () => boolean): Promise<void> {
  for (;;) {
    if (hasEnded()) throw new Error('nginx ended before it listened');
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await sleep(20);
  }
}

/** @param serverBlock - a `server { … }` that listens to the port it is given on the loopback */
export async function startNginx(serverBlock: (port: number) => string): Promise<Nginx> {
  const dir = await mkdtemp(path.join(tmpdir(), 'drydock-nginx-'));
  const port = await freePort();
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const temporary = folders.map((name) => `${name}_temp_path ${dir}/${name};`).join(' ');
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const file = path.join(dir, 'nginx.conf');
  await writeFile(
    file,
    `${user} daemon off; worker_processes 1; pid ${dir}/pid; error_log stderr error;
    events { }
    http { access_log off; ${temporary} ${serverBlock(port)} }`,
  );
  const args = ['-p', dir, '-c', file, '-e', 'stderr'];
  const child = spawn('nginx', args, { env: { PATH: DAEMON_PATH }, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  await untilItListens(port, () => child.exitCode !== null);
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      child.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true });
    },
  };
}
