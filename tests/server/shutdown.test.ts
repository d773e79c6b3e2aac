import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLockFile } from '../../src/platform/db/embedded/lock-file';
import { sendSignal } from '../../src/platform/process/signals';
import { createDataDir, removeDataDir } from '../helpers/data-dir';
import { childrenOf, commandOf, treeOf } from '../helpers/process-tree';
import { beginSlowUpload, sha256, storedIn, type SlowUpload } from '../helpers/slow-upload';
import { waitUntil } from '../helpers/wait-until';

/*
 * How each supervisor stops the server, with two worker processes and a Postgres of its own, during the upload of a
 * layer.
 */

const ROOT = path.join(__dirname, '../..');
const SERVE = [process.execPath, path.join(ROOT, 'bin/drydock.js'), 'serve'];

let dataDir: string;
let started: Pick<Started, 'child' | 'ended' | 'isOver'>[];
beforeAll(async () => {
  dataDir = await createDataDir('shutdown');
});
beforeEach(() => {
  started = [];
});
afterEach(async () => {
  for (const server of started) {
    if (!server.isOver()) kill(treeOf(server.child.pid!).reverse(), 'SIGKILL');
    await server.ended;
  }
  await rm(path.join(dataDir, 'blobs/uploads'), { recursive: true, force: true });
});
afterAll(() => removeDataDir(dataDir));

interface Started {
  readonly url: string;
  readonly child: ChildProcess;
  /** the exit code, or the signal that ended it */
  readonly ended: Promise<number | string>;
  readonly isOver: () => boolean;
  /** what it has printed */
  readonly output: () => string;
  /** The process that receives the signals of a supervisor. */
  readonly primary: number;
}

function isPrimary(pid: number): boolean {
  return /^\S*node \S*bin\/drydock\.js serve$/.test(commandOf(pid)); // the first of the tree
}

/** Runs a command that runs the server, in a process group of its own, and waits until it listens. */
async function start(command: readonly string[], environment: Record<string, string> = {}): Promise<Started> {
  const child = spawn(command[0]!, command.slice(1), {
    cwd: ROOT,
    detached: true,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DRYDOCK_DATA_DIR: dataDir,
      DRYDOCK_ADMIN_USERNAME: 'alice',
      DRYDOCK_ADMIN_PASSWORD: 'alicepw',
      DRYDOCK_BCRYPT_COST: '4',
      DRYDOCK_WORKERS: '2',
      LOG_LEVEL: 'warn',
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  started.push({ child, ended, isOver }); // even if it does not start
  for (;;) {
    const url = /Drydock listens on (http:\S+)/.exec(output)?.[1];
    const primary = isOver() ? undefined : treeOf(child.pid!).find(isPrimary);
    if (url !== undefined && primary !== undefined) {
      return { url, child, ended, isOver, output: () => output, primary };
    }
    if (isOver()) throw new Error(`it ended before it listened: ${output}`);
    await Promise.race([ended, sleep(20)]);
  }
}

const postgres = (): number | undefined => readLockFile(path.join(dataDir, 'postgres'))?.pid;

async function untilGone(pids: readonly number[]): Promise<void> {
  await waitUntil('the end of all processes', () => pids.every((pid) => commandOf(pid) === ''));
}

/** Resolves when the server accepts nothing new, so that it has received the signal. */
async function untilDraining(server: Started): Promise<void> {
  await waitUntil('refused connections', () =>
    fetch(`${server.url}/v1/_ping`).then(
      () => false,
      () => true,
    ),
  );
}

/** Checks that the layer arrives whole although the server is stopping, and that nothing of the server remains. */
async function expectDrained(server: Started, upload: SlowUpload, pids: readonly number[]): Promise<void> {
  await untilDraining(server);
  expect(await upload.finish()).toBe('200 true');
  const { layers, halves } = await storedIn(dataDir);
  expect(layers).toContain(sha256(upload.image.layer));
  expect(halves).toEqual([]);
  await server.ended;
  await untilGone(pids);
  expect(postgres()).toBeUndefined();
}

/** The first signal may have ended some before the second is sent. */
function kill(pids: readonly number[], ...signals: NodeJS.Signals[]): void {
  for (const signal of signals) pids.forEach((pid) => sendSignal(pid, signal));
}

/** How each supervisor sends its signals; `group` is the process group, as a negative id. */
const SENDERS: Readonly<Record<string, (server: Started, group: number) => void>> = {
  'SIGTERM to the server alone: systemd with KillMode=mixed, supervisord': ({ primary }) => kill([primary], 'SIGTERM'),
  'SIGTERM to its process group: a shell, supervisord with stopasgroup': (_, group) => kill([group], 'SIGTERM'),
  'SIGTERM and SIGHUP to all its processes, Postgres too: systemd': ({ child }) =>
    kill(treeOf(child.pid!), 'SIGTERM', 'SIGHUP'),
  'SIGTERM twice, to the group and to all': ({ child }, group) => {
    kill([group], 'SIGTERM', 'SIGTERM');
    kill(treeOf(child.pid!), 'SIGTERM');
  },
  'SIGHUP to its process group: a terminal that closes': (_, group) => kill([group], 'SIGHUP'),
  'Ctrl-C, which reaches the whole group, and once more by npm': (_, group) => kill([group], 'SIGINT', 'SIGINT'),
};

it.each(Object.keys(SENDERS))('after %s the layer arrives whole, and Postgres ends last (R99)', async (sender) => {
  const server = await start(SERVE);
  const upload = await beginSlowUpload({ url: server.url, dataDir }, `alice/app${Date.now()}`);
  const pids = treeOf(server.child.pid!);
  SENDERS[sender]!(server, -server.child.pid!);
  await expectDrained(server, upload, [...pids, postgres() ?? 0]);
  expect(await server.ended).toBe(0);
});

it.each(['SIGTERM', 'SIGINT'] as const)('after %s to `npm start` the layer arrives whole (R99)', async (signal) => {
  const server = await start(['npm', 'start']);
  const upload = await beginSlowUpload({ url: server.url, dataDir }, `alice/npm-${signal.toLowerCase()}`);
  const pids = treeOf(server.child.pid!);
  server.child.kill(signal);
  await expectDrained(server, upload, pids);
  expect(await server.ended).toBe(0);
});

it('after `timeout`, which sends its signal twice, the layer arrives whole (R99)', async () => {
  const server = await start(['timeout', '--signal=TERM', '3600', ...SERVE]);
  const upload = await beginSlowUpload({ url: server.url, dataDir }, 'alice/timeout');
  const pids = treeOf(server.child.pid!);
  server.child.kill('SIGTERM');
  await expectDrained(server, upload, pids);
});

function works(command: string, ...args: string[]): boolean {
  return spawnSync(command, args).status === 0;
}

if (works('unshare', '--pid', '--fork', '--mount-proc', 'true')) {
  it('after SIGTERM to the first process of a container, as from `docker stop`, the layer arrives whole (R99)', async () => {
    const server = await start(['unshare', '--pid', '--fork', '--mount-proc', ...SERVE]);
    const upload = await beginSlowUpload({ url: server.url, dataDir }, 'alice/container');
    const pids = treeOf(server.child.pid!);
    expect(childrenOf(server.child.pid!)).toEqual([server.primary]);
    process.kill(server.primary, 'SIGTERM');
    await expectDrained(server, upload, pids);
    expect(await server.ended).toBe(0);
  });
} else {
  it('the first process of a container: NOT TESTED, because `unshare --pid` does not work here', () => {
    expect(works('unshare', '--pid', '--fork', '--mount-proc', 'true')).toBe(false);
  });
}

if (works('script', '--version')) {
  it('after a terminal closes, and the log with it, the layer arrives whole (R99)', async () => {
    const server = await start(['script', '--quiet', '--command', SERVE.join(' '), '/dev/null'], { LOG_LEVEL: 'info' });
    const upload = await beginSlowUpload({ url: server.url, dataDir }, 'alice/terminal');
    const pids = treeOf(server.child.pid!);
    server.child.kill('SIGKILL');
    await expectDrained(server, upload, pids);
  });
} else {
  it('a terminal that closes: NOT TESTED, because there is no `script` here', () => {
    expect(works('script', '--version')).toBe(false);
  });
}

it('the server continues when the reader of its log ends (R99)', async () => {
  const server = await start(SERVE, { LOG_LEVEL: 'info' });
  server.child.stdout?.destroy();
  for (let turn = 0; turn < 20; turn += 1) expect((await fetch(`${server.url}/v1/_ping`)).status).toBe(200);
  process.kill(server.primary, 'SIGTERM');
  expect(await server.ended).toBe(0);
});

describe('a layer that takes longer than the drain', () => {
  /**
   * Checks that it is cut off, that the log and the exit code say so, and that nothing remains of it or of the server.
   */
  async function expectCut(server: Started, upload: SlowUpload, pids: readonly number[]): Promise<void> {
    await upload.cut;
    expect(await server.ended).toBe(1);
    await untilGone(pids);
    expect(postgres()).toBeUndefined();
    expect((await storedIn(dataDir)).halves).toEqual([]);
    const url = `/v1/images/${upload.image.id}/layer`;
    const lines = server.output().split('\n');
    const line = lines.find((text) => text.includes('cut off requests in progress')) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({ requests: [{ method: 'PUT', url, address: '127.0.0.1' }] });
  }

  it.each(['1', '2'])('is cut off by %s processes; the exit code and the log say so (R93)', async (workers) => {
    const server = await start(SERVE, { DRYDOCK_DRAIN_SECONDS: '1', DRYDOCK_WORKERS: workers });
    const upload = await beginSlowUpload({ url: server.url, dataDir }, `alice/late${workers}`);
    const pids = treeOf(server.child.pid!);
    process.kill(server.primary, 'SIGTERM');
    await expectCut(server, upload, pids);
    expect(server.output()).toContain('the drain period of 1 seconds is over');
  });

  it('is cut off when Ctrl-C is pressed again later, and Postgres still stops cleanly (R93)', async () => {
    const server = await start(SERVE);
    const upload = await beginSlowUpload({ url: server.url, dataDir }, 'alice/impatient');
    const pids = treeOf(server.child.pid!);
    const pressing = (async () => {
      while (!server.isOver()) {
        if (commandOf(server.primary) !== '') process.kill(-server.child.pid!, 'SIGINT');
        await sleep(500);
      }
    })();
    await expectCut(server, upload, pids);
    expect(server.output()).toContain('Ctrl-C was pressed again');
    await pressing;
  });
});

it('worker processes ignore a signal that only they get (R99)', async () => {
  const server = await start(SERVE);
  const workers = childrenOf(server.primary).filter((pid) => commandOf(pid).includes('drydock.js'));
  expect(workers).toHaveLength(2);
  kill(workers, 'SIGTERM', 'SIGINT', 'SIGHUP');
  const upload = await beginSlowUpload({ url: server.url, dataDir }, 'alice/workers');
  expect(childrenOf(server.primary)).toEqual(expect.arrayContaining(workers));
  process.kill(server.primary, 'SIGTERM');
  await expectDrained(server, upload, workers);
  expect(await server.ended).toBe(0);
});

it('worker processes end when the primary is killed (R99)', async () => {
  const server = await start(SERVE);
  const workers = childrenOf(server.primary).filter((pid) => commandOf(pid).includes('drydock.js'));
  process.kill(server.primary, 'SIGKILL');
  await untilGone(workers);
  expect(await server.ended).toBe('SIGKILL');
});
