import { randomBytes } from 'node:crypto';
import { issueBearerToken, readBearerToken, type BearerClaims } from '../../../src/features/tokens/bearer-token';
import { issueToken, readToken } from '../../../src/features/tokens/token';

const KEY = randomBytes(32);
const CLAIMS: BearerClaims = {
  identity: { userId: 2 ** 40, credentialsEpoch: 7, accessTokenId: 9 },
  grants: [
    { repository: { namespace: 'alice', name: 'app' }, actions: ['pull', 'push'] },
    { repository: { namespace: 'library', name: 'ubuntu' }, actions: ['pull'] },
  ],
  hasCatalog: true,
};
const ANONYMOUS: BearerClaims = { identity: undefined, grants: [], hasCatalog: false };

describe('a Bearer token', () => {
  it('tells what it was issued for', () => {
    expect(readBearerToken(KEY, issueBearerToken(KEY, CLAIMS))).toEqual(CLAIMS);
    expect(readBearerToken(KEY, issueBearerToken(KEY, ANONYMOUS))).toEqual(ANONYMOUS);
    const byPassword = { ...CLAIMS, identity: { userId: 1, credentialsEpoch: 0, accessTokenId: undefined } };
    expect(readBearerToken(KEY, issueBearerToken(KEY, byPassword))).toEqual(byPassword);
  });

  it('differs from any other, and fits into a header', () => {
    expect(issueBearerToken(KEY, CLAIMS)).not.toBe(issueBearerToken(KEY, CLAIMS));
    const name = { namespace: 'n'.repeat(255), name: 'r'.repeat(255) };
    const grants = Array.from({ length: 16 }, () => ({
      repository: name,
      actions: ['pull', 'push', 'delete'] as const,
    }));
    const longest = issueBearerToken(KEY, { ...CLAIMS, grants });
    expect(longest).toMatch(/^v2\.[\w-]+$/);
    expect(longest.length).toBeLessThan(12 * 1024);
  });

  it('lasts an hour, and as much longer as the clocks of hosts may differ (R222)', () => {
    const now = Date.now();
    const text = issueBearerToken(KEY, CLAIMS, now);
    expect(readBearerToken(KEY, text, now + 4_198_000)).toEqual(CLAIMS);
    expect(readBearerToken(KEY, text, now + 4_200_000)).toBeUndefined();
  });

  it('is refused under another key, and with any bit changed', () => {
    const text = issueBearerToken(KEY, CLAIMS);
    expect(readBearerToken(randomBytes(32), text)).toBeUndefined();
    const bytes = Buffer.from(text.slice(3), 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(readBearerToken(KEY, `v2.${changed.toString('base64url')}`)).toBeUndefined();
    }
  });

  it('has one spelling', () => {
    const text = issueBearerToken(KEY, CLAIMS);
    for (const other of [`${text}=`, `${text}!`, text.slice(3), `V2.${text.slice(3)}`, ` ${text}`, '', 'v2.'])
      expect([other, readBearerToken(KEY, other)]).toEqual([other, undefined]);
  });

  it('is not a token of v1, nor the reverse', () => {
    const { identity } = CLAIMS;
    const { text } = issueToken(KEY, { identity, repository: { namespace: 'alice', name: 'app' }, access: 'write' });
    const signature = /signature=([0-9a-f]+)/.exec(text)?.[1] ?? '';
    for (const each of [text, `v2.${text}`, `v2.${Buffer.from(signature, 'hex').toString('base64url')}`])
      expect(readBearerToken(KEY, each)).toBeUndefined();
    const bearer = issueBearerToken(KEY, CLAIMS);
    const hex = Buffer.from(bearer.slice(3), 'base64url').toString('hex');
    for (const each of [bearer, hex])
      expect(readToken(KEY, `signature=${each},repository="alice/app",access=write`)).toEqual({ kind: 'invalid' });
  });
});
