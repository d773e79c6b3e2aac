import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import { networkOf } from '../accounts/login-limits';

/**
 * Counts the answers that visitors bring back from the provider, because each one makes this server ask the provider.
 * Only failures count.
 *
 * @param address - of the visitor
 * @throws AppError `busy` after too many failures from one network, and what `work` throws
 */
export async function limitedByNetwork<T>(
  { openIdLimiter }: Needs<'openIdLimiter'>,
  address: string,
  work: () => Promise<T>,
): Promise<T> {
  const network = networkOf(address);
  const retryAfterSeconds = await openIdLimiter.take(network);
  if (retryAfterSeconds > 0) throw new AppError('busy', 'Too many failed sign-ins', { retryAfterSeconds });
  let done: T;
  try {
    done = await work();
  } catch (error) {
    await openIdLimiter.decideFailed(network);
    throw error;
  }
  await openIdLimiter.giveBack(network);
  return done;
}
