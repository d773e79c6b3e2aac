import type { Context } from '../../src/context';
import type { Actor } from '../../src/features/access/actor';
import { createUser, identityForOperator } from '../../src/features/accounts/users';

/** Creates an account that can act at once, and its actor, as if it had logged in with its password. */
export async function addPerson(
  ctx: Context,
  username: string,
  options: { isAdmin?: boolean } = {},
): Promise<Extract<Actor, { kind: 'user' }>> {
  await createUser(ctx, {
    username,
    password: `${username}pw`,
    email: `${username}@example.com`,
    isActive: true,
    isAdmin: options.isAdmin ?? false,
    isEmailVerified: true,
  });
  return { kind: 'user', address: '::1', identity: await identityForOperator(ctx, username), proof: 'operator' };
}
