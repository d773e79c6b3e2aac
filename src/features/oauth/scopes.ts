/**
 * The scopes that an OAuth client may ask for, in the Hub's words (protocol 6.2). `email_write` is still granted to
 * programs that ask for it, but does not allow anything, because an address is a credential.
 */
export const SCOPES = ['profile_read', 'profile_write', 'email_read', 'email_write'] as const;

export type Scope = (typeof SCOPES)[number];

/** The scopes of a client that asks for none. */
export const DEFAULT_SCOPES: readonly Scope[] = ['profile_read', 'email_read'];

/** Whether this is one of the scopes. */
export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}
