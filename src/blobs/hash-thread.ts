import { Worker } from 'node:worker_threads';
import {
  answerQuestions,
  gunzips,
  takeRank,
  type Answer,
  type Asked,
  type GunzipLimits,
  type Gunzipped,
  type Question,
} from './thread-code';

/*
 * A thread that hashes, one for the process: two hashes over all bytes take longer than the rest of an upload, and
 * would block the event loop for that time. The same thread unpacks gzip, to hash what comes out. Stored bytes that
 * nobody waits for have a second thread with a lower priority.
 */

const SOURCE = `{
  const threads = require('node:worker_threads');
  const crypto = require('node:crypto');
  (${takeRank.toString()})(threads, require('node:os'));
  (${answerQuestions.toString()})(threads, crypto, (${gunzips.toString()})(require('node:zlib'), crypto));
}`;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: Error) => void;
}

/** A thread and the callers that wait for its answers. It keeps the process alive only while there are any. */
class HashThread {
  private readonly waiting = new Map<number, Waiting>();
  private readonly worker: Worker;
  private failure: Error | undefined;
  private lastNumber = 0;

  constructor(
    isUrgent: boolean,
    private readonly onEnd: () => void,
  ) {
    this.worker = new Worker(SOURCE, { eval: true, workerData: { isUrgent } });
    this.worker.unref();
    this.worker.on('message', (answer: Answer) => this.answered(answer));
    this.worker.once('error', (error: Error) => this.end(error));
    this.worker.once('exit', () => this.end(new Error('the hashing thread has ended')));
  }

  async ask(asked: Asked): Promise<Answer> {
    if (this.failure !== undefined) throw this.failure;
    const number = (this.lastNumber += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve, reject });
      if (this.waiting.size === 1) this.worker.ref();
      this.worker.postMessage({ ...asked, number } satisfies Question);
    });
  }

  private answered(answer: Answer): void {
    const waiting = this.waiting.get(answer.number);
    this.waiting.delete(answer.number);
    if (this.waiting.size === 0) this.worker.unref();
    waiting?.resolve(answer);
  }

  private end(reason: Error): void {
    this.failure ??= reason;
    this.onEnd();
    for (const { reject } of this.waiting.values()) reject(reason);
    this.waiting.clear();
  }
}

/** `urgent`: a client waits for the answers. */
export type ThreadRank = 'urgent' | 'background';

const current = new Map<ThreadRank, HashThread>();
let lastId = 0;

function hashThread(rank: ThreadRank): HashThread {
  const running = current.get(rank);
  if (running !== undefined) return running;
  const started = new HashThread(rank === 'urgent', () => {
    if (current.get(rank) === started) current.delete(rank);
  });
  current.set(rank, started);
  return started;
}

/** Hashes of the same bytes after different prefixes, computed outside of the event loop. */
export class ThreadedHashes {
  private readonly id = (lastId += 1);
  private readonly thread = hashThread('urgent');

  constructor(prefixes: readonly Uint8Array[]) {
    this.thread.ask({ kind: 'begin', id: this.id, prefixes }).catch(() => undefined); // the next message fails, too
  }

  /** @param piece - must not change until this resolves; in shared memory, or it is copied */
  async update(piece: Uint8Array): Promise<void> {
    await this.thread.ask({ kind: 'update', id: this.id, piece });
  }

  /** The hashes of the bytes so far, as `end`; more bytes may come. */
  async peek(): Promise<readonly string[]> {
    return (await this.thread.ask({ kind: 'peek', id: this.id })).digests ?? [];
  }

  /** The hashes in hex, in the order of the prefixes. Always call this at the end, or the thread keeps its state. */
  async end(): Promise<readonly string[]> {
    return (await this.thread.ask({ kind: 'end', id: this.id })).digests ?? [];
  }
}

/** The hash of what gzip bytes are without compression, computed outside of the event loop. */
export class ThreadedGunzip {
  private readonly id = (lastId += 1);
  private readonly thread: HashThread;

  constructor(rank: ThreadRank, limits: GunzipLimits) {
    this.thread = hashThread(rank);
    this.thread.ask({ kind: 'gunzip', id: this.id, limits }).catch(() => undefined); // the next message fails, too
  }

  /**
   * Resolves when the piece is unpacked, or when that is no longer needed.
   *
   * @param piece - must not change until this resolves; in shared memory, or it is copied
   * @returns whether more pieces are needed
   */
  async unpack(piece: Uint8Array): Promise<boolean> {
    return (await this.thread.ask({ kind: 'unpack', id: this.id, piece })).isOver === false;
  }

  /** The result. Call this or `drop` at the end, or the thread keeps its state. */
  async end(): Promise<Gunzipped> {
    return (await this.thread.ask({ kind: 'unpacked', id: this.id })).gunzipped ?? { isUnknown: true };
  }

  /** Gives the work up. */
  drop(): void {
    this.thread.ask({ kind: 'drop', id: this.id }).catch(() => undefined);
  }
}
