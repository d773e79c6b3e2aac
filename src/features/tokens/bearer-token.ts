import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Identity, RepositoryName } from '../access/actor';
import { isOver } from '../../platform/clocks';
import { fullName, parseFullName } from '../repositories/names';

/*
 * A Bearer token is what `/v2/token` gives a client to show to the v2 API, in base64url after a prefix:
 *
 *   v2.<version 1 byte · flags 1 · user id 8 (0: anonymous) · credentials epoch 4 · access token id 8 (0: a password) ·
 *       expires at, seconds, 4 · nonce 8 · the id of a build 8, if a flag says so · grants, one a line · MAC 32>
 *
 * Like a token of v1 (`token.ts`) it is its own record, and what the account may do is checked again at every request:
 * its grants only narrow that. The MAC begins with a label of its own, so that neither kind passes as the other.
 */

const PREFIX = 'v2.';
const LABEL = 'drydock bearer token\0';
const VERSION = 1;
const HAS_CATALOG = 1;
const IS_OF_BUILD = 2;
const HEAD_BYTES = 34;
const BUILD_BYTES = 8;
const MAC_BYTES = 32;

/**
 * How long a Bearer token lasts, in seconds; clients ask for another one when they think that it is over. It is checked
 * when a request begins, so that a layer may take longer.
 */
export const BEARER_SECONDS = 3600;

/** What a client may ask for in a repository. */
export type Action = (typeof ACTIONS)[number];
export const ACTIONS = ['pull', 'push', 'delete'] as const;

/** What a token allows in one repository. */
export interface Grant {
  readonly repository: RepositoryName;
  readonly actions: readonly Action[];
}

/** What a token allows. */
export interface Granted {
  readonly grants: readonly Grant[];
  /** whether it allows the list of repositories */
  readonly hasCatalog: boolean;
}

/** What a token stands for. */
export interface BearerClaims extends Granted {
  /** undefined: an anonymous caller */
  readonly identity: Identity | undefined;
  /** of the build that acts for the account */
  readonly buildId?: number | undefined;
}

function sign(key: Buffer, claims: Buffer): Buffer {
  return createHmac('sha256', key).update(LABEL).update(claims).digest();
}

/** No repository's name has a colon or a line break. */
function writeGrant({ repository, actions }: Grant): string {
  return `${fullName(repository)}:${actions.join(',')}`;
}

function readGrant(line: string): Grant[] {
  const [name = '', actions = ''] = line.split(':');
  const repository = parseFullName(name);
  const known = ACTIONS.filter((action) => actions.split(',').includes(action));
  return repository === undefined ? [] : [{ repository, actions: known }];
}

/**
 * Creates a Bearer token.
 *
 * @param key - the installation's token key
 * @param now - in milliseconds
 */
export function issueBearerToken(key: Buffer, claims: BearerClaims, now = Date.now()): string {
  const { identity, grants, hasCatalog, buildId } = claims;
  const head = Buffer.alloc(HEAD_BYTES + (buildId === undefined ? 0 : BUILD_BYTES));
  head.writeUInt8(VERSION, 0);
  head.writeUInt8((hasCatalog ? HAS_CATALOG : 0) | (buildId === undefined ? 0 : IS_OF_BUILD), 1);
  head.writeBigUInt64BE(BigInt(identity?.userId ?? 0), 2);
  head.writeUInt32BE(identity?.credentialsEpoch ?? 0, 10);
  head.writeBigUInt64BE(BigInt(identity?.accessTokenId ?? 0), 14);
  head.writeUInt32BE(Math.floor(now / 1000) + BEARER_SECONDS, 22);
  randomBytes(8).copy(head, 26);
  if (buildId !== undefined) head.writeBigUInt64BE(BigInt(buildId), HEAD_BYTES);
  const packed = Buffer.concat([head, Buffer.from(grants.map(writeGrant).join('\n'))]);
  return PREFIX + Buffer.concat([packed, sign(key, packed)]).toString('base64url');
}

/**
 * Reads a Bearer token.
 *
 * @param now - in milliseconds
 * @returns undefined when it is not a token of this installation, or has expired
 */
export function readBearerToken(key: Buffer, text: string, now = Date.now()): BearerClaims | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // `Buffer.from` skips what is not base64url: a token has one spelling.
  if (bytes.length < HEAD_BYTES + MAC_BYTES || bytes.toString('base64url') !== encoded) return undefined;
  const packed = bytes.subarray(0, -MAC_BYTES);
  if (!timingSafeEqual(sign(key, packed), bytes.subarray(-MAC_BYTES)) || packed.readUInt8(0) !== VERSION)
    return undefined;
  if (isOver(packed.readUInt32BE(22), now)) return undefined;
  const isOfBuild = (packed.readUInt8(1) & IS_OF_BUILD) !== 0;
  const grants = packed.subarray(HEAD_BYTES + (isOfBuild ? BUILD_BYTES : 0)).toString();
  return {
    identity: identityIn(packed),
    grants: grants === '' ? [] : grants.split('\n').flatMap(readGrant),
    hasCatalog: (packed.readUInt8(1) & HAS_CATALOG) !== 0,
    ...(isOfBuild ? { buildId: Number(packed.readBigUInt64BE(HEAD_BYTES)) } : {}),
  };
}

function identityIn(packed: Buffer): Identity | undefined {
  const userId = Number(packed.readBigUInt64BE(2));
  const accessTokenId = Number(packed.readBigUInt64BE(14));
  if (userId === 0) return undefined;
  return {
    userId,
    credentialsEpoch: packed.readUInt32BE(10),
    accessTokenId: accessTokenId === 0 ? undefined : accessTokenId,
  };
}
