import type { Context } from '../../src/context';
import { basicActor, OPERATOR_ACTOR, type Actor } from '../../src/features/access/actor';
import { createUser, identityWithoutPassword } from '../../src/features/accounts/users';

/** Creates an account that can act at once, and its actor, as if it had logged in with its password. */
export async function addPerson(
  ctx: Context,
  username: string,
  options: { isAdmin?: boolean } = {},
): Promise<Extract<Actor, { kind: 'user' }>> {
  await createUser(ctx, OPERATOR_ACTOR, {
    username,
    password: `${username}pw`,
    email: `${username}@example.com`,
    isActive: true,
    isAdmin: options.isAdmin ?? false,
    isEmailVerified: true,
  });
  return basicActor(await identityWithoutPassword(ctx, username), '::1');
}
