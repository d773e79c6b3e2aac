import type * as Crypto from 'node:crypto';
import type * as Os from 'node:os';
import type * as Threads from 'node:worker_threads';
import type * as Zlib from 'node:zlib';

/*
 * The code of a thread that hashes. It is passed to the thread as text, so that it needs no file of its own. A function
 * here must not use anything outside of itself; its parameters are modules of Node, and other functions of this file.
 */

/** How much bytes may expand: `bytes`, and in addition `factor` times their own length. */
export interface GunzipLimits {
  readonly bytes: number;
  readonly factor: number;
}

/**
 * What gzip bytes are without compression: the hash of the output; or they are damaged; or they expand beyond the
 * limits; or that is not known, because the work was dropped or failed.
 */
export type Gunzipped =
  | { readonly sha256Hex: string }
  | { readonly isDamaged: true }
  | { readonly isTooLarge: true }
  | { readonly isUnknown: true };

/** A message to the thread. Each gets one answer with its number. */
export type Question = { readonly number: number; readonly id: number } & (
  | { readonly kind: 'begin'; readonly prefixes: readonly Uint8Array[] }
  | { readonly kind: 'update' | 'unpack'; readonly piece: Uint8Array }
  | { readonly kind: 'gunzip'; readonly limits: GunzipLimits }
  | { readonly kind: 'peek' | 'end' | 'unpacked' | 'drop' }
);

/** A question as its sender writes it. */
export type Asked = Question extends infer Q ? (Q extends Question ? Omit<Q, 'number'> : never) : never;

/** The answer to the question with this number. */
export interface Answer {
  readonly number: number;
  readonly digests?: readonly string[];
  readonly gunzipped?: Gunzipped;
  /** Nothing more needs to be unpacked. */
  readonly isOver?: boolean;
}

interface RunningGunzip {
  unpack(piece: Uint8Array): Promise<{ readonly isOver: boolean }>;
  end(): Promise<Gunzipped>;
  drop(): void;
}

/** Unpacks all members of gzip files as `createGunzip` does, and hashes what comes out. */
export function gunzips({ createGunzip }: typeof Zlib, { createHash }: typeof Crypto) {
  const DAMAGE = ['Z_DATA_ERROR', 'Z_BUF_ERROR', 'Z_NEED_DICT'];
  const OUTPUT_BYTES = 512 * 1024; // measured: 64 KiB take 15 % more CPU, 1 MiB 3 % less
  const AT_ONCE = 2; // zlib works in the threads that also read and write files
  let busy = 0;
  const waiting: (() => void)[] = [];
  const inTurn = async (work: () => Promise<unknown>): Promise<void> => {
    if (busy === AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else busy += 1;
    await work();
    const next = waiting.shift();
    if (next === undefined) busy -= 1;
    else next();
  };

  return function begin(limits: GunzipLimits): RunningGunzip {
    const unzip = createGunzip({ chunkSize: OUTPUT_BYTES });
    const hash = createHash('sha256');
    let [takenBytes, outputBytes, isOver] = [0, 0, false];
    let last = Promise.resolve();
    const ended = new Promise<Gunzipped>((resolve) => {
      const end = (gunzipped: Gunzipped): void => {
        isOver = true;
        unzip.destroy();
        resolve(gunzipped);
      };
      unzip.on('data', (output: Buffer) => {
        if (isOver) return;
        hash.update(output);
        outputBytes += output.length;
        if (outputBytes > limits.bytes + limits.factor * takenBytes) end({ isTooLarge: true });
      });
      // Padding after the last member ends the output, and then no write is called back.
      unzip.once('end', () => {
        if (!isOver) end({ sha256Hex: hash.digest('hex') });
      });
      unzip.once('error', ({ code }: NodeJS.ErrnoException) => {
        end(DAMAGE.includes(code ?? '') ? { isDamaged: true } : { isUnknown: true });
      });
      unzip.once('close', () => end({ isUnknown: true }));
    });
    return {
      unpack: (piece) => {
        takenBytes += piece.length;
        const write = (): Promise<unknown> =>
          isOver ? ended : Promise.race([ended, new Promise((resolve) => void unzip.write(piece, resolve))]);
        last = last.then(() => inTurn(write));
        return last.then(() => ({ isOver }));
      },
      end: () => {
        void last.then(() => isOver || unzip.end());
        return ended;
      },
      drop: () => unzip.destroy(),
    };
  };
}

/** Answers all questions: those about hashes in their order, those about gzip when the work is done. */
export function answerQuestions(
  { parentPort }: typeof Threads,
  { createHash }: typeof Crypto,
  beginGunzip: ReturnType<typeof gunzips>,
): void {
  const hashes = new Map<number, readonly Crypto.Hash[]>();
  const unpacking = new Map<number, RunningGunzip>();

  const digestsOf = (question: Question): readonly string[] => {
    const running = hashes.get(question.id) ?? [];
    if (question.kind === 'peek') return running.map((hash) => hash.copy().digest('hex'));
    if (question.kind === 'end') {
      hashes.delete(question.id);
      return running.map((hash) => hash.digest('hex'));
    }
    if (question.kind === 'update') for (const hash of running) hash.update(question.piece);
    if (question.kind === 'begin') {
      const begun = question.prefixes.map((prefix) => createHash('sha256').update(prefix));
      hashes.set(question.id, begun);
    }
    return [];
  };
  const unpackFor = async (question: Question): Promise<Partial<Answer>> => {
    const running = unpacking.get(question.id);
    if (question.kind === 'unpack') return (await running?.unpack(question.piece)) ?? { isOver: true };
    if (question.kind === 'gunzip') unpacking.set(question.id, beginGunzip(question.limits));
    if (question.kind === 'drop') running?.drop();
    const gunzipped = question.kind === 'unpacked' ? await running?.end() : undefined;
    if (question.kind !== 'gunzip') unpacking.delete(question.id);
    return gunzipped === undefined ? {} : { gunzipped };
  };

  parentPort?.on('message', (question: Question) => {
    const { number, kind } = question;
    if (kind === 'gunzip' || kind === 'unpack' || kind === 'unpacked' || kind === 'drop') {
      void unpackFor(question).then((answer) => parentPort.postMessage({ ...answer, number } satisfies Answer));
    } else {
      parentPort.postMessage({ number, digests: digestsOf(question) } satisfies Answer);
    }
  });
}

/** Lowers the priority of a thread whose work nobody waits for; on Linux each thread has a priority of its own. */
export function takeRank({ workerData }: typeof Threads, { setPriority }: typeof Os): void {
  const { isUrgent } = workerData as { readonly isUrgent: boolean };
  try {
    if (!isUrgent && process.platform === 'linux') setPriority(10);
  } catch {
    // The system does not allow it; the work runs all the same.
  }
}
