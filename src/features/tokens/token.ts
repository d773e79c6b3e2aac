import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Actor, Identity, RepositoryName, TokenAccess } from '../access/actor';
import { fullName, parseFullName } from '../repositories/names';

/*
 * The index gives an engine a token to show to the registry (protocol 3):
 *
 *   signature=<hex>,repository="<namespace>/<name>",access=<read|write|delete>
 *
 * The token contains all facts, so that any process can verify it without a table. The hex holds
 *
 *   version 1 byte · user id 8 (0: anonymous) · credentials epoch 4 · access token id 8 (0: a password) ·
 *   expires at, seconds, 4 · nonce 8 · MAC 20
 *
 * and the MAC covers these, the repository and the access. The rights of the account are checked again at every
 * request, so a token ends with its account, its password or access token, or its access. It is good for many requests;
 * a delete token is good once, because of the repository's `delete_nonce`.
 */

const VERSION = 2;
const CLAIM_BYTES = 33;
const MAC_BYTES = 20;
/**
 * Strict, because `Buffer.from` stops at the first character that is not hex, and accepts capitals: a token has one
 * spelling.
 */
const SIGNATURE = new RegExp(`^[0-9a-f]{${2 * (CLAIM_BYTES + MAC_BYTES)}}$`);

/**
 * How long a token lasts, in seconds: one push or pull uses one token, and some take hours. A layer of a push may take
 * more than a day on a slow line, and an engine cannot ask for another token.
 */
const LIFETIME_SECONDS: Record<TokenAccess, number> = { read: 12 * 3600, write: 72 * 3600, delete: 15 * 60 };

/** The claims of a token. */
export interface TokenClaims {
  readonly identity: Identity | undefined;
  readonly repository: RepositoryName;
  readonly access: TokenAccess;
  readonly nonce: string;
}

function sign(key: Buffer, claims: Buffer, repository: string, access: string): Buffer {
  return createHmac('sha256', key)
    .update(claims)
    .update(`${repository}\0${access}`, 'utf8')
    .digest()
    .subarray(0, MAC_BYTES);
}

/** The part that distinguishes a token from any other, for callers that need it before the token exists. */
export function newNonce(): string {
  return randomBytes(8).toString('hex');
}

/**
 * Creates a token.
 *
 * @param key - the installation's token key
 * @param claims.nonce - from `newNonce`; undefined: a new one
 * @param now - in milliseconds
 * @returns the text for `X-Docker-Token`, and the token's nonce
 */
export function issueToken(
  key: Buffer,
  claims: Omit<TokenClaims, 'nonce'> & { readonly nonce?: string | undefined },
  now = Date.now(),
): { text: string; nonce: string } {
  const nonce = Buffer.from(claims.nonce ?? newNonce(), 'hex');
  const packed = Buffer.alloc(CLAIM_BYTES);
  packed.writeUInt8(VERSION, 0);
  packed.writeBigUInt64BE(BigInt(claims.identity?.userId ?? 0), 1);
  packed.writeUInt32BE(claims.identity?.credentialsEpoch ?? 0, 9);
  packed.writeBigUInt64BE(BigInt(claims.identity?.accessTokenId ?? 0), 13);
  packed.writeUInt32BE(Math.floor(now / 1000) + LIFETIME_SECONDS[claims.access], 21);
  nonce.copy(packed, 25);
  const repository = fullName(claims.repository);
  const signature = Buffer.concat([packed, sign(key, packed, repository, claims.access)]).toString('hex');
  return {
    text: `signature=${signature},repository="${repository}",access=${claims.access}`,
    nonce: nonce.toString('hex'),
  };
}

/** Whether this is a possible access of a token. */
export function isAccess(value: string | undefined): value is TokenAccess {
  return value === 'read' || value === 'write' || value === 'delete';
}

function verifyOne(key: Buffer, fields: Map<string, string>, now: number): TokenClaims | undefined {
  const access = fields.get('access');
  const repositoryText = fields.get('repository') ?? '';
  const repository = parseFullName(repositoryText);
  const signatureText = fields.get('signature') ?? '';
  if (!isAccess(access) || repository === undefined || !SIGNATURE.test(signatureText)) return undefined;
  const signature = Buffer.from(signatureText, 'hex');
  const packed = signature.subarray(0, CLAIM_BYTES);
  const expected = sign(key, packed, repositoryText, access);
  if (!timingSafeEqual(expected, signature.subarray(CLAIM_BYTES)) || packed.readUInt8(0) !== VERSION) return undefined;
  if (packed.readUInt32BE(21) * 1000 <= now) return undefined;
  const userId = Number(packed.readBigUInt64BE(1));
  const accessTokenId = Number(packed.readBigUInt64BE(13));
  return {
    identity:
      userId === 0
        ? undefined
        : {
            userId,
            credentialsEpoch: packed.readUInt32BE(9),
            accessTokenId: accessTokenId === 0 ? undefined : accessTokenId,
          },
    repository,
    access,
    nonce: packed.subarray(25).toString('hex'),
  };
}

/** The `name=value` pairs of an Authorization value; a repeated name begins the next token. */
function fieldGroups(text: string): Map<string, string>[] {
  const groups: Map<string, string>[] = [new Map<string, string>()];
  for (const [, name = '', value = ''] of text.matchAll(/(?<![a-z])([a-z]+)[:=]"?([^",\s]*)"?/gi)) {
    const key = name.toLowerCase();
    if (groups.at(-1)?.has(key) === true) groups.push(new Map<string, string>());
    groups.at(-1)?.set(key, value);
  }
  return groups;
}

/** The result of reading an Authorization value of the form `Token …`. */
export type TokenReading = { kind: 'empty' } | { kind: 'invalid' } | { kind: 'valid'; claims: TokenClaims };

/**
 * Reads a token leniently (protocol 3.1): a doubled prefix, spaces after the commas, several tokens in one header, of
 * which the first good one counts. Engines that never got a token send an empty one.
 *
 * @param text - the text after the first `Token` of the header
 * @param now - in milliseconds
 */
export function readToken(key: Buffer, text: string, now = Date.now()): TokenReading {
  if (/^\s*(token\s*)*$/i.test(text)) return { kind: 'empty' };
  for (const fields of fieldGroups(text)) {
    const claims = verifyOne(key, fields, now);
    if (claims !== undefined) return { kind: 'valid', claims };
  }
  return { kind: 'invalid' };
}

/** The actor of a verified token. */
export function tokenActor(claims: TokenClaims, address: string): Actor {
  return { kind: 'token', address, ...claims };
}
