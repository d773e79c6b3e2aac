import pg from 'pg';

/*
 * Checks of DATABASE_URL before anything connects: a typo in it would otherwise look like a server that is not running,
 * and we would wait for it.
 */

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;

const ENCODINGS: Readonly<Record<string, string>> = { '#': '%23', '/': '%2F', '?': '%3F' };

/** Everything before the last `@`; a database name and its options seldom contain one. */
function credentialsOf(url: string): string {
  return /^postgres(?:ql)?:\/\/(?:(.*)@)?/.exec(url)?.[1] ?? '';
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function assertEncoded(url: string): void {
  if (/%[0-9a-f]{2}/i.test(credentialsOf(url)) && !isDecodable(credentialsOf(url))) {
    throw new Error('the user or the password has a raw %: write it as %25');
  }
  if (URL.canParse(url)) return;
  const character = /[#/?]/.exec(credentialsOf(url))?.[0];
  if (character === undefined) return;
  throw new Error(`the user or the password has a raw ${character}: write it as ${ENCODINGS[character] ?? ''}`);
}

function sslModeOf(url: string): string | undefined {
  return new URLSearchParams(url.split('?')[1] ?? '').get('sslmode') ?? undefined;
}

function assertSslMode(url: string): void {
  const mode = sslModeOf(url);
  if (mode === undefined || SSL_MODES.some((known) => known === mode)) return;
  throw new Error(`does not know sslmode=${mode}: write one of ${SSL_MODES.join(', ')}`);
}

/**
 * Refuses a URL that pg could not use or would misread.
 *
 * @throws Error that says what is wrong and what to write instead; it never repeats the password
 */
export function assertDatabaseUrl(url: string): void {
  if (!/^postgres(ql)?:\/\//.test(url)) throw new Error('must start with postgres://');
  assertEncoded(url);
  assertSslMode(url);
  try {
    new pg.Client({ connectionString: withPlainSslMode(url) });
  } catch (error) {
    // This reads the certificates that the URL names. Any other message could repeat the password.
    if ('path' in Object(error)) throw error;
    throw new Error('must be postgres://user:password@host:5432/database', { cause: error });
  }
}

/**
 * Returns the same URL with a mode name whose meaning pg will keep: pg treats `prefer`, `require` and `verify-ca` as
 * `verify-full`, and warns about each of them on stderr. They stay as strict here.
 */
export function withPlainSslMode(url: string): string {
  return url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
}
