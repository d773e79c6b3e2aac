import { AppError } from '../../platform/errors';
import type { Bucket } from './bucket';
import { explain } from './errors';

/** Written and read again; all processes share it. */
const KEY = 'readiness';

const CHECK_MS = 5000;
const OK_FOR_MS = 60_000;
const AT_MOST_EVERY_MS = 5000;

interface Check {
  readonly at: number;
  /** of the bucket, when it began */
  readonly outages: number;
  readonly done: Promise<void>;
  hasFailed: boolean;
}

/**
 * Whether a bucket can be written and read. Programs ask every few seconds, and each request to the store costs: an
 * answer counts for a minute, or until a request of anybody meets an outage, and a failure for some seconds.
 */
export class BucketProbe {
  private last: Check | undefined;

  constructor(private readonly bucket: Bucket) {}

  /** @throws AppError `unavailable` with a sentence that says what is wrong */
  async check(): Promise<void> {
    if (this.last === undefined || !this.isCurrent(this.last)) this.last = this.begin();
    return this.last.done;
  }

  private isCurrent({ at, outages, hasFailed }: Check): boolean {
    const age = performance.now() - at;
    if (age < AT_MOST_EVERY_MS) return true;
    return age < OK_FOR_MS && !hasFailed && outages === this.bucket.outages;
  }

  private begin(): Check {
    const done = this.writeAndRead();
    const check: Check = { at: performance.now(), outages: this.bucket.outages, done, hasFailed: false };
    done.catch(() => {
      check.hasFailed = true;
    });
    return check;
  }

  private async writeAndRead(): Promise<void> {
    const signal = AbortSignal.timeout(CHECK_MS);
    const refuse = (verb: string) => (error: unknown) => {
      throw new AppError('unavailable', `The bucket cannot be ${verb}: ${explain(error)}`, { cause: error });
    };
    await this.bucket.put(KEY, Buffer.from('ok'), { signal }).catch(refuse('written'));
    const opened = await this.bucket.open(KEY, undefined, signal).catch(refuse('read'));
    opened?.body.destroy();
  }
}
