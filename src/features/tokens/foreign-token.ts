import type { RepositoryName, TokenAccess } from '../access/actor';
import { parseFullName } from '../repositories/names';
import { isAccess } from './token';

/** The claims of a token of another index, before that index has verified it. */
export interface ForeignToken {
  readonly signature: string;
  readonly repository: RepositoryName;
  readonly access: TokenAccess;
}

const PREFIXES = /^\s*(token\s+)+/i;
/** Printable, and neither quote nor comma. */
const FIELD = /^(signature|repository|access)=("?)([!#-+\--~]+)\2$/;

/**
 * Reads `Token signature=…,repository="<namespace>/<name>",access=…` strictly (protocol 3.1). The index that verifies
 * the token reads the same header by its own rules, so an ambiguous header is refused: a second `access=write` after
 * the signed one must not count here while that index ignores it.
 */
export function readForeignToken(authorization: string): ForeignToken | undefined {
  if (!PREFIXES.test(authorization)) return undefined;
  const fields = new Map<string, string>();
  for (const part of authorization.replace(PREFIXES, '').split(',')) {
    const [, name, , value] = FIELD.exec(part.trim()) ?? [];
    if (name === undefined || value === undefined || fields.has(name)) return undefined;
    fields.set(name, value);
  }
  const signature = fields.get('signature');
  const access = fields.get('access');
  const repositoryText = fields.get('repository') ?? '';
  const repository = repositoryText.includes('/') ? parseFullName(repositoryText) : undefined;
  if (signature === undefined || repository === undefined || !isAccess(access)) return undefined;
  return { signature, repository, access };
}
