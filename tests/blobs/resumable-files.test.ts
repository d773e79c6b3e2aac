import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FilesystemBlobStore } from '../../src/blobs/filesystem';
import { WriteBusyError } from '../../src/blobs/resumable';
import { openFilesystemStore } from './filesystem-folder';
import { chunksOf, digestOf } from './streams';

/* What only the filesystem driver has: turns of processes that died, were suspended, or ran out of room. */

const MODULE = path.join(__dirname, '..', '..', 'dist', 'src', 'blobs', 'filesystem.js');
const CHUNK_BYTES = 100_000;

/** Checks for dead turns at once; a turn counts as dead after 200 ms without activity. */
const IMPATIENT = { signOfLifeMs: 20, deadAfterMs: 200 };

/** Shows no activity, like a suspended process. */
const SLEEPING = { signOfLifeMs: 3_600_000, deadAfterMs: 3_600_000 };

let opened: Awaited<ReturnType<typeof openFilesystemStore>>;
beforeEach(async () => {
  opened = await openFilesystemStore();
});
afterEach(() => opened.close());

/** What the child sends: chunk after chunk, each filled with its number. */
const wholeOf = (chunks: number): Buffer =>
  Buffer.concat(Array.from({ length: chunks }, (_, i) => Buffer.alloc(CHUNK_BYTES, i)));

/** Appends `chunks` chunks in a process of its own, which reports how many were accepted, and then the result. */
const script = (id: string, chunks: number): string => `
  const { FilesystemBlobStore } = require(${JSON.stringify(MODULE)});
  const store = new FilesystemBlobStore(${JSON.stringify(opened.root)});
  async function* source() {
    for (let i = 0; i < ${chunks}; i += 1) {
      yield Buffer.alloc(${CHUNK_BYTES}, i);
      process.stdout.write('taken ' + i + '\\n');
    }
  }
  store.resumable.append('${id}', 0, source()).then(
    (offset) => console.log('offset ' + offset),
    (error) => console.log('error ' + error.code),
  );`;

/** A source that gives its bytes once `goOn` is called. */
function held(text: string): { source: AsyncGenerator<Buffer>; isAsked: Promise<void>; goOn: () => void } {
  let goOn = (): void => undefined;
  let ask = (): void => undefined;
  const going = new Promise<void>((resolve) => (goOn = resolve));
  const isAsked = new Promise<void>((resolve) => (ask = resolve));
  const source = (async function* () {
    ask();
    await going;
    yield Buffer.from(text);
  })();
  return { source, isAsked, goOn: () => goOn() };
}

/** The content of a file that is written in the background. */
async function untilThere(read: () => Promise<string>): Promise<string> {
  for (;;) {
    const text = await read().catch(() => '');
    if (text.endsWith('\n')) return text;
    await sleep(10);
  }
}

/** Tries again as long as another caller is at work. */
async function untilFree<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof WriteBusyError)) throw error;
      await sleep(20);
    }
  }
}

it('continues after a process was killed while bytes arrived: the kept bytes have no gap (R241, R243)', async () => {
  const whole = wholeOf(200);
  const id = await opened.store.resumable.start();
  const child = spawn(process.execPath, ['-e', script(id, 1e9)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const text of child.stdout) {
    output += String(text);
    if (output.includes('taken 57\n')) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');

  const patient = opened.again();
  await expect(patient.resumable.append(id, 0, chunksOf(whole))).rejects.toThrow(WriteBusyError);
  const { resumable: writes } = new FilesystemBlobStore(opened.root, undefined, IMPATIENT);
  const offset = (await writes.offset(id)) ?? 0;
  expect(offset).toBeGreaterThan(1_000_000);
  const end = await untilFree(() => writes.append(id, offset, chunksOf(whole.subarray(offset))));
  expect(end).toBe(whole.length);
  const { key } = await writes.commit(id, digestOf(whole));
  expect((await readFile(path.join(opened.root, key))).equals(whole)).toBe(true);
  await writes.settled();
  expect(await readdir(path.join(opened.root, 'resumable'))).toEqual([]);
});

it('a process that slept through its turn changes nothing when it wakes (R243)', async () => {
  const sleeper = new FilesystemBlobStore(opened.root, undefined, SLEEPING).resumable;
  const next = new FilesystemBlobStore(opened.root, undefined, IMPATIENT).resumable;
  const id = await sleeper.start();
  await sleeper.append(id, 0, chunksOf(Buffer.from('one ')));
  const { source, isAsked, goOn } = held('of the sleeper');
  const slept = sleeper.append(id, 4, source);
  await isAsked;
  expect(await untilFree(() => next.append(id, 4, chunksOf(Buffer.from('two'))))).toBe(7);
  goOn();
  await expect(slept).rejects.toThrow(WriteBusyError);
  const { key } = await next.commit(id, digestOf(Buffer.from('one two')));
  expect(await readFile(path.join(opened.root, key), 'utf8')).toBe('one two');
});

it('a process that is at work keeps its turn, however slowly bytes come (R243)', async () => {
  const { resumable: slow } = new FilesystemBlobStore(opened.root, undefined, IMPATIENT);
  const { resumable: other } = new FilesystemBlobStore(opened.root, undefined, IMPATIENT);
  const id = await slow.start();
  const { source, isAsked, goOn } = held('hello');
  const appending = slow.append(id, 0, source);
  await isAsked;
  for (let tries = 0; tries < 20; tries += 1) {
    await expect(other.append(id, 0, chunksOf(Buffer.from('x')))).rejects.toThrow(WriteBusyError);
    await sleep(20);
  }
  goOn();
  expect(await appending).toBe(5);
});

it('keeps nothing of bytes for which there is no room, and continues with fewer (R242)', async () => {
  const id = await opened.store.resumable.start();
  // `sh` counts in blocks of 512 bytes: no file may have more than 4 MiB.
  const limited = ['-c', 'ulimit -f 8192 && exec "$@"', 'sh', process.execPath, '-e'];
  const failed = spawnSync('sh', [...limited, script(id, 100)], { encoding: 'utf8' });
  expect(failed.stdout).toContain('error storage_full\n');
  expect(await opened.store.resumable.offset(id)).toBe(0);
  const fitting = spawnSync('sh', [...limited, script(id, 30)], { encoding: 'utf8' });
  expect(fitting.stdout).toContain(`offset ${30 * CHUNK_BYTES}\n`);
  expect((await opened.store.resumable.commit(id, digestOf(wholeOf(30)))).sizeBytes).toBe(30 * CHUNK_BYTES);
});

it('another process commits by the digest of the bytes that arrived, and does not read them', async () => {
  const id = await opened.store.resumable.start();
  await opened.store.resumable.append(id, 0, chunksOf(Buffer.from('hello')));
  const file = path.join(opened.root, 'resumable', id, 'digest-0');
  const text = await untilThere(() => readFile(file, 'utf8'));
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  expect(text).toBe(`5 ${digestOf(Buffer.from('hello')).slice(7)} ${boot}\n`);
  await writeFile(file, text.replace(/[0-9a-f]{64}/, 'ab'.repeat(32)));
  const digest = digestOf(Buffer.from('hello'));
  await expect(opened.again().resumable.commit(id, digest)).rejects.toMatchObject({
    name: 'WriteDigestError',
    digest: `sha256:${'ab'.repeat(32)}`,
  });
});

it.each([
  ['was lost', ''],
  ['was cut off', '5'],
  ['is of another offset', `4 ${'ab'.repeat(32)}\n`],
  ['is too short', `5 ${'ab'.repeat(31)}\n`],
  ['is of bytes that a power failure may have taken since', `5 ${'ab'.repeat(32)} 00000000-of-the-start-before\n`],
])('another process reads the bytes if their digest %s', async (_what, content) => {
  const id = await opened.store.resumable.start();
  await opened.store.resumable.append(id, 0, chunksOf(Buffer.from('hello')));
  const file = path.join(opened.root, 'resumable', id, 'digest-0');
  await untilThere(() => readFile(file, 'utf8'));
  await writeFile(file, content);
  const { key } = await opened.again().resumable.commit(id, digestOf(Buffer.from('hello')));
  expect(await readFile(path.join(opened.root, key), 'utf8')).toBe('hello');
});

it('remembers the digest of a large piece, which is synced, for any host', async () => {
  const large = Buffer.alloc(33 * 1024 * 1024, 'x');
  const id = await opened.store.resumable.start();
  await opened.store.resumable.append(id, 0, chunksOf(large));
  const file = path.join(opened.root, 'resumable', id, 'digest-0');
  const text = await untilThere(() => readFile(file, 'utf8'));
  expect(text).toBe(`${large.length} ${digestOf(large).slice(7)}\n`);
});

it('a blob is as old as its commit, however old its bytes are: a sweep must not take it for an orphan', async () => {
  const id = await opened.store.resumable.start();
  await opened.store.resumable.append(id, 0, chunksOf(Buffer.from('old')));
  const longAgo = new Date(Date.now() - 1e9);
  await utimes(path.join(opened.root, 'resumable', id, 'bytes-0'), longAgo, longAgo);
  await opened.store.resumable.commit(id, digestOf(Buffer.from('old')));
  for await (const { modifiedAt } of opened.store.list()) {
    expect(modifiedAt.getTime()).toBeGreaterThan(Date.now() - 60_000);
  }
});

it('sweeps the remains of an interrupted commit or start, and ignores other files', async () => {
  const { resumable: writes } = opened.store;
  const id = await writes.start();
  const folder = path.join(opened.root, 'resumable');
  await rm(path.join(folder, id, 'bytes-0'));
  await writeFile(path.join(folder, 'notes.txt'), 'of an operator');
  expect(await writes.offset(id)).toBeUndefined();
  expect(await writes.sweep(60_000)).toBe(0);
  expect(await writes.sweep(-1)).toBe(1);
  expect(await readdir(folder)).toEqual(['notes.txt']);
});

/** How many bytes this process has read, from files and sockets. */
async function bytesRead(): Promise<number> {
  return Number(/^rchar: (\d+)$/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}

it('reads each byte of two thousand pieces at most once more, also if they go to two processes in turns (R264)', async () => {
  const stores = [opened.store, new FilesystemBlobStore(opened.root)] as const;
  const piece = Buffer.alloc(1024, 'x');
  const whole = Buffer.alloc(2000 * piece.length, 'x');
  const id = await stores[0].resumable.start();
  const before = await bytesRead();
  for (let at = 0; at < whole.length; at += piece.length) {
    await stores[(at / piece.length) % 2 === 0 ? 0 : 1].resumable.append(id, at, chunksOf(piece));
  }
  expect((await stores[0].resumable.commit(id, digestOf(whole))).sizeBytes).toBe(whole.length);
  // Were each piece to read what came before it, these would be two thousand megabytes.
  expect((await bytesRead()) - before).toBeLessThan(5 * whole.length);
});

it('settles when no write is active (R98)', async () => {
  const id = await opened.store.resumable.start();
  const { source, isAsked, goOn } = held('hello');
  const appending = opened.store.resumable.append(id, 0, source);
  await isAsked;
  const settled = opened.store.settled().then(() => opened.store.resumable.offset(id));
  goOn();
  await appending;
  expect(await settled).toBe(5);
});
