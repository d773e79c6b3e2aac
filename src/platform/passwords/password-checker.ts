import { SecretCache } from '../cache/secret-cache';
import { BoundedQueue } from '../limits/bounded-queue';
import { decoyHash, hashPassword, matchesPassword } from './passwords';

export interface PasswordLimits {
  /** The logarithm to base 2 of bcrypt's rounds. */
  readonly cost: number;
  /**
   * How many hashes are computed at once; this is below the size of libuv's pool, or file reads would wait for logins.
   */
  readonly running: number;
  /** How many may wait for their turn. */
  readonly waiting: number;
}

const YES = { isRight: true };

/** Runs a comparison, and counts it. */
export type CountedTry = (compare: () => Promise<boolean>) => Promise<boolean>;

/**
 * Hashes and checks passwords. A successful check is remembered for a few minutes, because old engines and scripts send
 * the password with every request. It is remembered under user, stored hash and password, so that a changed password
 * misses at once.
 */
export class PasswordChecker {
  private readonly verified = new SecretCache<typeof YES>();
  private readonly inFlight = new SecretCache<Promise<boolean>>();
  private readonly queue: BoundedQueue;

  constructor(private readonly limits: PasswordLimits) {
    this.queue = new BoundedQueue(limits, 'Too many logins at once');
  }

  /**
   * @returns the hash to store
   * @throws AppError `busy`
   */
  async hash(password: string): Promise<string> {
    return this.queue.run(() => hashPassword(password, this.limits.cost));
  }

  /** Whether exactly this check succeeded recently, so that it costs nothing. */
  isRemembered(username: string, password: string, storedHash: string): boolean {
    return this.verified.get(username, storedHash, password) !== undefined;
  }

  /**
   * Whether this is the user's password. An unknown user takes as long as a wrong password.
   *
   * @param storedHash - undefined when there is no such user
   * @param tried.from - simultaneous identical checks from the same place share one comparison
   * @param tried.count - counts a comparison, which it receives; it may refuse the comparison by throwing
   * @throws AppError `busy`, and what `tried.count` throws
   */
  async check(
    username: string,
    password: string,
    storedHash: string | undefined,
    tried: { readonly from: string; readonly count: CountedTry } = { from: '', count: (compare) => compare() },
  ): Promise<boolean> {
    if (storedHash === undefined) return tried.count(() => this.compareWithDecoy(password));
    if (this.isRemembered(username, password, storedHash)) return true;
    const key = [username, storedHash, password, tried.from];
    const known = this.inFlight.get(...key);
    if (known !== undefined) return known;
    const checking = tried.count(() => this.compare(username, password, storedHash));
    this.inFlight.set(checking, ...key);
    return checking.finally(() => {
      this.inFlight.delete(...key);
    });
  }

  private async compareWithDecoy(password: string): Promise<boolean> {
    const decoy = await decoyHash(this.limits.cost);
    await this.queue.run(() => matchesPassword(password, decoy));
    return false;
  }

  private async compare(username: string, password: string, storedHash: string): Promise<boolean> {
    const isRight = await this.queue.run(() => matchesPassword(password, storedHash));
    if (isRight) this.verified.set(YES, username, storedHash, password);
    return isRight;
  }
}
