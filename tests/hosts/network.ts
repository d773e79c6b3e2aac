import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { promisify } from 'node:util';
import { DAEMON_PATH, isInstalledForRoot, isInstalled } from '../helpers/installed';

/* A network for one process, in a namespace of its own, that loses the packets to a port while a test wants it. */

const run = promisify(execFile);
const env = { PATH: DAEMON_PATH };

/** Whether this machine can have one; it needs root. Says so if it cannot. */
export function areNetworksInstalled(): boolean {
  if (!isInstalledForRoot('iptables') || !isInstalled('ip', '-V', 'iproute2')) return false;
  const name = `drydock-probe-${process.pid}`;
  const works = spawnSync('ip', ['netns', 'add', name], { env }).status === 0;
  spawnSync('ip', ['netns', 'delete', name], { env });
  if (!works) console.warn('NOT TESTED: this machine allows no network namespaces');
  return works;
}

/** The network of one process. */
export interface Network {
  /** The address of this machine for the process. */
  readonly here: string;
  /** The address of the process. */
  readonly there: string;
  /** Begins a command that runs in the network. */
  readonly through: readonly string[];
  /** Loses all packets between the process and a port of this machine, in both directions. @returns ends it */
  cut(port: number): Promise<() => Promise<void>>;
  /** Lets the process reach a port of the loopback. @returns its URL in the network */
  forward(port: number): Promise<string>;
  close(): Promise<void>;
}

/** Creates a network. */
export async function createNetwork(): Promise<Network> {
  const number = process.pid % 16_000;
  const prefix = `10.231.${Math.floor(number / 64)}`;
  const last = (number % 64) * 4;
  const [here, there] = [`${prefix}.${last + 1}`, `${prefix}.${last + 2}`];
  const name = `drydock-${process.pid}`;
  const [ours, theirs] = [`dd${number}a`, `dd${number}b`];
  const ip = (...args: string[]) => run('ip', args, { env });
  await ip('netns', 'add', name);
  await ip('link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs, 'netns', name);
  await ip('address', 'add', `${here}/30`, 'dev', ours);
  await ip('link', 'set', ours, 'up');
  await ip('-n', name, 'address', 'add', `${there}/30`, 'dev', theirs);
  for (const device of ['lo', theirs]) await ip('-n', name, 'link', 'set', device, 'up');
  const cuts = new Set<() => Promise<void>>();
  const forwards: (() => void)[] = [];
  return {
    here,
    there,
    through: ['ip', 'netns', 'exec', name],
    cut: async (port) => {
      const rules = [
        ['INPUT', '-s', there, '-p', 'tcp', '--dport', String(port), '-j', 'DROP'],
        ['OUTPUT', '-d', there, '-p', 'tcp', '--sport', String(port), '-j', 'DROP'],
      ];
      for (const rule of rules) await run('iptables', ['-w', '-I', ...rule], { env });
      const join = async (): Promise<void> => {
        if (!cuts.delete(join)) return;
        for (const rule of rules) await run('iptables', ['-w', '-D', ...rule], { env });
      };
      cuts.add(join);
      return join;
    },
    forward: async (port) => {
      const relay = createServer((socket) => {
        const target = connect(port, '127.0.0.1');
        for (const end of [socket, target]) end.on('error', () => [socket, target].forEach((each) => each.destroy()));
        socket.pipe(target).pipe(socket);
      });
      await once(relay.listen(0, here), 'listening');
      forwards.push(() => relay.close());
      const address = relay.address();
      if (address === null || typeof address === 'string') throw new Error('the relay does not listen');
      return `http://${here}:${address.port}`;
    },
    close: async () => {
      for (const join of cuts) await join();
      for (const end of forwards) end();
      await ip('netns', 'delete', name);
    },
  };
}
