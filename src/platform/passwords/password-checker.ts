import { SecretCache } from '../cache/secret-cache';
import { BoundedQueue } from '../limits/bounded-queue';
import { decoyHash, hashPassword, matchesPassword } from './passwords';

export interface PasswordLimits {
  /** log2 of bcrypt's rounds */
  readonly cost: number;
  /** how many hashes are computed at once; below libuv's pool size, or file reads would wait for logins */
  readonly running: number;
  /** how many may wait for their turn */
  readonly waiting: number;
}

const YES = { isRight: true };

/**
 * Hashes and checks passwords. A check that succeeded is remembered for some minutes, because old engines and scripts
 * send the password with every request. It is remembered under user, stored hash and password, so that a changed
 * password misses at once.
 */
export class PasswordChecker {
  private readonly verified = new SecretCache<typeof YES>();
  private readonly inFlight = new SecretCache<Promise<boolean>>();
  private readonly queue: BoundedQueue;

  constructor(private readonly limits: PasswordLimits) {
    this.queue = new BoundedQueue(limits, 'Too many logins at once, try again');
  }

  /**
   * @returns what to store
   * @throws AppError `busy`
   */
  async hash(password: string): Promise<string> {
    return this.queue.run(() => hashPassword(password, this.limits.cost));
  }

  /** Whether this very check succeeded lately, so that it costs nothing. */
  isRemembered(username: string, password: string, storedHash: string): boolean {
    return this.verified.get(username, storedHash, password) !== undefined;
  }

  /**
   * Whether this is the user's password. An unknown user costs as much as a wrong password.
   *
   * @param storedHash - undefined when there is no such user
   * @throws AppError `busy`
   */
  async check(username: string, password: string, storedHash: string | undefined): Promise<boolean> {
    if (storedHash === undefined) {
      const decoy = await decoyHash(this.limits.cost);
      await this.queue.run(() => matchesPassword(password, decoy));
      return false;
    }
    if (this.isRemembered(username, password, storedHash)) return true;
    const known = this.inFlight.get(username, storedHash, password);
    if (known !== undefined) return known;
    const checking = this.compare(username, password, storedHash);
    this.inFlight.set(checking, username, storedHash, password);
    return checking.finally(() => {
      this.inFlight.delete(username, storedHash, password);
    });
  }

  private async compare(username: string, password: string, storedHash: string): Promise<boolean> {
    const isRight = await this.queue.run(() => matchesPassword(password, storedHash));
    if (isRight) this.verified.set(YES, username, storedHash, password);
    return isRight;
  }
}
