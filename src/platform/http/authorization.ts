/** The content of an Authorization header, before it is verified. */
export type Authorization =
  | { kind: 'none' }
  | { kind: 'basic'; username: string; password: string }
  | { kind: 'token'; text: string }
  | { kind: 'bearer'; text: string }
  | { kind: 'unknown' };

const BASIC = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i;
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * Reads an Authorization header. Basic is UTF-8 and is split at the first colon, because a password may contain more
 * colons (protocol 2.3). The issuer of a token reads the token itself.
 */
export function readAuthorization(header: string | undefined): Authorization {
  const text = header?.trim() ?? '';
  if (text === '') return { kind: 'none' };
  if (/^token\b/i.test(text)) return { kind: 'token', text: text.slice('token'.length) };
  const bearer = BEARER.exec(text)?.[1];
  if (bearer !== undefined) return { kind: 'bearer', text: bearer };
  const encoded = BASIC.exec(text)?.[1];
  if (encoded === undefined) return { kind: 'unknown' };
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon === -1) return { kind: 'unknown' };
  return { kind: 'basic', username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}
