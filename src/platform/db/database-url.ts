import pg from 'pg';

/*
 * What DATABASE_URL may be, found out before anything connects: a slip in it would otherwise look like a server that is
 * not there, and be waited for.
 */

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;

const ENCODINGS: Readonly<Record<string, string>> = { '#': '%23', '/': '%2F', '?': '%3F' };

/** Whatever stands before the last `@`; a database and its options seldom have one. */
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
    throw new Error('the user or the password contains an unescaped %: write it as %25');
  }
  if (URL.canParse(url)) return;
  const character = /[#/?]/.exec(credentialsOf(url))?.[0];
  if (character === undefined) return;
  throw new Error(
    `the user or the password contains an unescaped ${character}: write it as ${ENCODINGS[character] ?? ''}`,
  );
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
 * Refuses a URL that pg could not use, or would take for something else.
 *
 * @throws Error with what is wrong and what to write instead; it never repeats the password
 */
export function assertDatabaseUrl(url: string): void {
  if (!/^postgres(ql)?:\/\//.test(url)) throw new Error('must start with postgres://');
  assertEncoded(url);
  assertSslMode(url);
  try {
    new pg.Client({ connectionString: withPlainSslMode(url) });
  } catch (error) {
    // The certificates that it names are read at once. Any other message could repeat the password.
    if ('path' in Object(error)) throw error;
    throw new Error('must be postgres://user:password@host:5432/database', { cause: error });
  }
}

/**
 * The same URL with the name that pg will keep for a mode: to pg, `prefer`, `require` and `verify-ca` mean `verify-full`,
 * and it warns of each of them on stderr. They stay as strict here.
 */
export function withPlainSslMode(url: string): string {
  return url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
}
