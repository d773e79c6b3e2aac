import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { BoundedQueue } from './bounded-queue';
import { decoyHash, hashPassword, matchesPassword } from './passwords';

export interface PasswordLimits {
  /** log2 of bcrypt's rounds */
  readonly cost: number;
  /** how many hashes are computed at once; below libuv's pool size, or file reads would wait for logins */
  readonly running: number;
  /** how many may wait for their turn */
  readonly waiting: number;
}

const REMEMBERED = { max: 10_000, ttl: 5 * 60_000 };

/**
 * Hashes and checks passwords. A check that succeeded is remembered for some minutes, because old engines and scripts
 * send the password with every request. What is remembered is an HMAC over user, stored hash and password under a key
 * that only this process has: it betrays nothing, and a changed password misses at once.
 */
export class PasswordChecker {
  private readonly key = randomBytes(32);
  private readonly verified = new LRUCache<string, true>(REMEMBERED);
  private readonly inFlight = new Map<string, Promise<boolean>>();
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
    return this.verified.has(this.fingerprint(username, password, storedHash));
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
    const fingerprint = this.fingerprint(username, password, storedHash);
    if (this.verified.has(fingerprint)) return true;
    const known = this.inFlight.get(fingerprint);
    if (known !== undefined) return known;
    const checking = this.compare(password, storedHash, fingerprint).finally(() => this.inFlight.delete(fingerprint));
    this.inFlight.set(fingerprint, checking);
    return checking;
  }

  private async compare(password: string, storedHash: string, fingerprint: string): Promise<boolean> {
    const isRight = await this.queue.run(() => matchesPassword(password, storedHash));
    if (isRight) this.verified.set(fingerprint, true);
    return isRight;
  }

  private fingerprint(username: string, password: string, storedHash: string): string {
    return createHmac('sha256', this.key).update(`${username}\0${storedHash}\0${password}`).digest('base64');
  }
}
