import type * as Crypto from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type * as Threads from 'node:worker_threads';

/*
 * A thread that hashes, one for the process: two hashes over all bytes take longer than the rest of an upload, and
 * would block the event loop for that time.
 */

/** A message to the thread. It answers them in order. */
type Question =
  | { readonly kind: 'begin'; readonly id: number; readonly prefixes: readonly Uint8Array[] }
  | { readonly kind: 'update'; readonly id: number; readonly piece: Uint8Array }
  | { readonly kind: 'peek'; readonly id: number }
  | { readonly kind: 'end'; readonly id: number };

/**
 * The code of the thread. It is passed as text, so that it needs no file of its own, and must not use anything outside
 * of itself.
 */
function answerQuestions({ parentPort }: typeof Threads, { createHash }: typeof Crypto): void {
  const running = new Map<number, Crypto.Hash[]>();
  parentPort?.on('message', (question: Question) => {
    const hashes = running.get(question.id) ?? [];
    let answer: string[] = [];
    if (question.kind === 'begin') {
      running.set(
        question.id,
        question.prefixes.map((prefix) => createHash('sha256').update(prefix)),
      );
    } else if (question.kind === 'update') {
      for (const hash of hashes) hash.update(question.piece);
    } else if (question.kind === 'peek') {
      answer = hashes.map((hash) => hash.copy().digest('hex'));
    } else {
      answer = hashes.map((hash) => hash.digest('hex'));
      running.delete(question.id);
    }
    parentPort.postMessage(answer);
  });
}

const SOURCE = `(${answerQuestions.toString()})(require('node:worker_threads'), require('node:crypto'))`;

interface Waiting {
  readonly resolve: (digests: string[]) => void;
  readonly reject: (reason: Error) => void;
}

/** The thread and the callers that wait for its answers. It keeps the process alive only while there are any. */
class HashThread {
  private readonly waiting: Waiting[] = [];
  private readonly worker = new Worker(SOURCE, { eval: true });
  private failure: Error | undefined;

  constructor(private readonly onEnd: () => void) {
    this.worker.unref();
    this.worker.on('message', (digests: string[]) => this.answered(digests));
    this.worker.once('error', (error: Error) => this.end(error));
    this.worker.once('exit', () => this.end(new Error('the hashing thread has ended')));
  }

  async ask(question: Question): Promise<string[]> {
    if (this.failure !== undefined) throw this.failure;
    return new Promise((resolve, reject) => {
      if (this.waiting.push({ resolve, reject }) === 1) this.worker.ref();
      this.worker.postMessage(question);
    });
  }

  private answered(digests: string[]): void {
    this.waiting.shift()?.resolve(digests);
    if (this.waiting.length === 0) this.worker.unref();
  }

  private end(reason: Error): void {
    this.failure ??= reason;
    this.onEnd();
    for (const { reject } of this.waiting.splice(0)) reject(reason);
  }
}

let current: HashThread | undefined;
let lastId = 0;

function hashThread(): HashThread {
  if (current !== undefined) return current;
  const started = new HashThread(() => {
    if (current === started) current = undefined;
  });
  return (current = started);
}

/** Hashes of the same bytes after different prefixes, computed outside of the event loop. */
export class ThreadedHashes {
  private readonly id = (lastId += 1);
  private readonly thread = hashThread();

  constructor(prefixes: readonly Uint8Array[]) {
    this.thread.ask({ kind: 'begin', id: this.id, prefixes }).catch(() => undefined); // the next message fails, too
  }

  /** @param piece - must not change until this resolves; in shared memory, or it is copied */
  async update(piece: Uint8Array): Promise<void> {
    await this.thread.ask({ kind: 'update', id: this.id, piece });
  }

  /** The hashes of the bytes so far, as `end`; more bytes may come. */
  peek(): Promise<string[]> {
    return this.thread.ask({ kind: 'peek', id: this.id });
  }

  /** The hashes in hex, in the order of the prefixes. Always call this at the end, or the thread keeps its state. */
  end(): Promise<string[]> {
    return this.thread.ask({ kind: 'end', id: this.id });
  }
}
