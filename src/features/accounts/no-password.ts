/*
 * Robots, and users who sign in with a provider only, have no password. They use access tokens with engines and curl.
 */

/** What stands for the hash of an account without a password: no password matches it, because it is not a bcrypt hash. */
export const NO_PASSWORD = '*';

/** The hash to compare with; undefined for an account without a password, which is answered like an unknown one. */
export function usableHash(user: { readonly password_hash: string } | undefined): string | undefined {
  return user?.password_hash === NO_PASSWORD ? undefined : user?.password_hash;
}
