import { StringDecoder } from 'node:string_decoder';
import { cleanLine, type SecretMask } from '../../features/builds/log-text';
import { showByteSize } from '../../platform/bytes/byte-size';
import { BuildFailure } from '../build-failure';

/** Stores a part of a log: whole lines. */
export type StoreLog = (text: string) => Promise<void>;

interface Options {
  readonly limitBytes: number;
  readonly mask: SecretMask;
  /** Lines that arrive within this time are stored together. */
  readonly everyMs: number;
}

/** A line without an end is cut here. */
const MAX_LINE = 16 * 1024;

/** This much is stored at once, even if no time has passed. */
const CHUNK_BYTES = 48 * 1024;

/** The log of a build: takes the output of programs, and stores clean lines without secrets as they arrive. */
export class BuildLog {
  #decoder = new StringDecoder('utf8');
  #partial = '';
  #waiting = '';
  #storedBytes = 0;
  #storing = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;
  /** The last line that tells of an error of the build tool. */
  #errorLine: string | undefined;

  constructor(
    private readonly store: StoreLog,
    private readonly options: Options,
  ) {}

  /** What the build tool said last about its failure, without colours. */
  get errorLine(): string | undefined {
    return this.#errorLine;
  }

  /**
   * Takes output. Waits while the log cannot be stored as fast as it arrives.
   *
   * @throws BuildFailure when the log exceeds its limit; whatever storing it throws
   */
  async write(chunk: Buffer): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#partial += this.#decoder.write(chunk);
    const lines = this.#partial.split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#add(line);
    this.#cutPartial();
    if (this.#waiting.length >= CHUNK_BYTES) await this.#flush();
    else if (this.#waiting !== '')
      this.#timer ??= setTimeout(() => void this.#flush().catch(() => undefined), this.options.everyMs);
  }

  /** Adds a line that the builder writes. */
  async say(line: string): Promise<void> {
    await this.write(Buffer.from(`${line}\n`));
  }

  /** Stores what is left. */
  async end(): Promise<void> {
    const rest = this.#partial + this.#decoder.end();
    this.#partial = '';
    if (rest !== '') this.#add(rest);
    await this.#flush();
  }

  /** Of a long line that is not complete, what can no longer be overwritten or be the start of a secret. */
  #cutPartial(): void {
    const { longest } = this.options.mask;
    // Only its last state counts of a line that is overwritten.
    if (this.#partial.length > MAX_LINE) {
      const last = this.#partial.lastIndexOf('\r', this.#partial.length - 2);
      if (last > 0) this.#partial = this.#partial.slice(last + 1);
    }
    if (this.#partial.length <= MAX_LINE + longest) return;
    const hidden = this.options.mask.hide(this.#partial);
    const keep = Math.min(hidden.length, longest);
    this.#add(hidden.slice(0, hidden.length - keep));
    this.#partial = hidden.slice(hidden.length - keep);
  }

  #add(line: string): void {
    const clean = this.options.mask.hide(cleanLine(line));
    // eslint-disable-next-line no-control-regex
    const plain = clean.replace(/\x1b\[[0-9;:]*m/g, '');
    if (/^error\b/i.test(plain)) this.#errorLine = plain;
    this.#waiting += `${clean}\n`;
  }

  #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') {
      this.#storing = this.#storing.then(() => this.#storeWithinLimit(text));
      this.#storing.catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      });
    }
    return this.#storing;
  }

  async #storeWithinLimit(text: string): Promise<void> {
    const left = this.options.limitBytes - this.#storedBytes;
    const bytes = Buffer.from(text);
    this.#storedBytes += Math.min(bytes.length, left);
    await this.store(bytes.length <= left ? text : cutToBytes(bytes, left));
    if (bytes.length > left) {
      throw new BuildFailure(`The log became larger than ${showByteSize(this.options.limitBytes)}.`);
    }
  }
}

/** The first whole characters of a text, up to a number of bytes. */
function cutToBytes(bytes: Buffer, limit: number): string {
  return new StringDecoder('utf8').write(bytes.subarray(0, limit));
}
