const SECOND_MS = 1000;

/** A client must not fill the memory with many kinds of errors: beyond this number they count as one. */
const KINDS = 100;

interface Kind {
  readonly message: string;
  again: number;
}

function kindOf(error: Error, message: string): string {
  const code = 'code' in error ? String(error.code) : error.name;
  return `${message} ${code} ${error.message.slice(0, 200)}`;
}

/**
 * Prevents an error that each request meets from filling the disk: during an outage thousands of them are alike. For
 * each kind of error one line a second is written, with its stack; the others are counted.
 */
export class RecurringErrors {
  private kinds = new Map<string, Kind>();

  /** @param tell - gets, at the end of a second, the number of repetitions of an error */
  constructor(private readonly tell: (message: string, again: number) => void) {}

  /**
   * Whether a call of the logger should be written.
   *
   * @param args - the arguments of the call; only calls with an error under `err` are ever held back
   */
  admits(args: readonly unknown[]): boolean {
    const [fields, message] = args;
    if (typeof fields !== 'object' || fields === null || !('err' in fields) || !(fields.err instanceof Error))
      return true;
    const text = typeof message === 'string' ? message : fields.err.message;
    const name = this.kinds.size < KINDS ? kindOf(fields.err, text) : '';
    const known = this.kinds.get(name);
    if (known !== undefined) {
      known.again += 1;
      return false;
    }
    if (this.kinds.size === 0) setTimeout(() => this.endSecond(), SECOND_MS).unref();
    this.kinds.set(name, { message: text, again: 0 });
    return true;
  }

  private endSecond(): void {
    const ended = this.kinds;
    this.kinds = new Map();
    for (const { message, again } of ended.values()) if (again > 0) this.tell(message, again);
  }
}
