import bcrypt from 'bcrypt';
import fc from 'fast-check';
import { decoyHash, hashPassword, matchesPassword } from '../../../src/platform/passwords/passwords';

const COST = 4;

describe('hashPassword', () => {
  it('computes bcrypt of the given cost, with a new salt each time', async () => {
    const [first, second] = await Promise.all([hashPassword('secret', COST), hashPassword('secret', COST)]);
    expect(first).not.toBe(second);
    expect(bcrypt.getRounds(first)).toBe(COST);
    expect(bcrypt.getRounds(await hashPassword('secret', 5))).toBe(5);
  });

  it('does not keep the password readable', async () => {
    expect(await hashPassword('secret-password', COST)).not.toContain('secret-password');
  });
});

describe('matchesPassword', () => {
  it('is true for the password and false for every other, of any length and script', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.string({ unit: 'binary', maxLength: 200 }),
        async (password, other) => {
          const hash = await hashPassword(password, COST);
          expect(await matchesPassword(password, hash)).toBe(true);
          expect(await matchesPassword(other, hash)).toBe(other === password);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('distinguishes passwords that share more than the 72 bytes that bcrypt reads (R15)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 72, maxLength: 300 }), async (prefix) => {
        const hash = await hashPassword(`${prefix}a`, COST);
        expect(await matchesPassword(`${prefix}b`, hash)).toBe(false);
        expect(await matchesPassword(prefix, hash)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  it('does not stop at a NUL', async () => {
    const hash = await hashPassword('same\u0000first', COST);
    expect(await matchesPassword('same\u0000other', hash)).toBe(false);
  });
});

describe('decoyHash', () => {
  it('costs as much as a real hash and matches nothing', async () => {
    const hash = await decoyHash(COST);
    expect(bcrypt.getRounds(hash)).toBe(COST);
    for (const password of ['', 'secret', 'not the hash of any password']) {
      expect(await matchesPassword(password, hash)).toBe(false);
    }
  });

  it('is computed once for each cost', async () => {
    expect(await decoyHash(COST)).toBe(await decoyHash(COST));
    expect(bcrypt.getRounds(await decoyHash(5))).toBe(5);
  });
});
