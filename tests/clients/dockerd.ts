import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientPlace } from './client-process';

/** A docker daemon that keeps everything in the folder of its client. */
export interface Dockerd {
  /** for `docker --host` */
  readonly socket: string;
  close(): Promise<void>;
}

/**
 * Starts a daemon without networks.
 *
 * @param config - its daemon.json
 */
export async function startDockerd(place: ClientPlace, config: string): Promise<Dockerd> {
  const inDir = (name: string): string => path.join(place.dir, name);
  const socket = `unix://${inDir('docker.sock')}`;
  await writeFile(inDir('daemon.json'), config);
  const folders = ['--data-root', inDir('docker-data'), '--exec-root', inDir('docker-exec'), '--pidfile', inDir('pid')];
  const network = ['--bridge', 'none', '--iptables=false', '--ip-masq=false'];
  const args = ['--config-file', inDir('daemon.json'), '--storage-driver', 'vfs', '--host', socket];
  const child = spawn('dockerd', [...args, ...network, ...folders], { env: place.environment });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  }
  const ended = once(child, 'close');
  while ((await place.attempt('docker', ['--host', socket, 'version'])).code !== 0) {
    if (child.exitCode !== null) throw new Error(`dockerd ended before it answered: ${log}`);
    await sleep(100);
  }
  return {
    socket,
    close: async () => {
      child.kill('SIGTERM');
      await ended;
      // It mounts the folder on itself where mounts are not shared, and may leave that behind in a container.
      await place.attempt('umount', [inDir('docker-data')]);
    },
  };
}
