import { fieldError } from '../../platform/errors';

/*
 * Where a git repository is cloned from. The URL is shown to people and handed to git, so it holds no secret and
 * nothing that git could take for an option or for a helper program (`ext::`). Which addresses may be reached is for the
 * builder to decide, when it connects.
 */

const LONGEST = 1000;
const SCHEMES: ReadonlySet<string> = new Set(['https:', 'http:', 'ssh:', 'git:']);
/** `git@host:owner/name.git`, as ssh writes it. */
const SCP = /^(?<user>[A-Za-z0-9_][A-Za-z0-9_.-]*)@(?<host>[A-Za-z0-9][A-Za-z0-9.-]*):(?<path>[A-Za-z0-9_.~/-]+)$/;
/** Printable ASCII without spaces, quotation marks and backslashes. */
const PLAIN = /^[!#-&(-[\]-_a-~]+$/;

function parse(text: string): URL | undefined {
  if (!PLAIN.test(text) || text.length > LONGEST) return undefined;
  const { user, host, path } = SCP.exec(text)?.groups ?? {};
  const full = path === undefined ? text : `ssh://${user}@${host}/${path.replace(/^\/+/, '')}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  return url !== undefined && SCHEMES.has(url.protocol) ? url : undefined;
}

function invalid(message: string): never {
  throw fieldError('invalid', 'clone_url', message);
}

/**
 * Checks the URL of a git repository.
 *
 * @returns it in one form: `git@host:path` as `ssh://git@host/path`
 * @throws AppError `invalid`
 */
export function checkCloneUrl(text: string): string {
  const url = parse(text.trim());
  if (url === undefined)
    invalid('Enter the URL of a git repository: https://host/path, ssh://git@host/path or git@host:path');
  if (url.password !== '' || (url.protocol !== 'ssh:' && url.username !== ''))
    invalid('The URL must not contain a username or password: enter a token instead');
  if (url.host === '' || url.pathname.length < 2 || url.search !== '' || url.hash !== '')
    invalid('The URL must have a host and a path, and no query');
  if (/^-/.test(url.hostname) || /^-/.test(url.username) || /(^|\/)-/.test(url.pathname))
    invalid('No part of the URL may start with a hyphen');
  return url.href;
}

/** Whether git reads it over ssh, with a key. */
export function isSshUrl(cloneUrl: string): boolean {
  return cloneUrl.startsWith('ssh://');
}
