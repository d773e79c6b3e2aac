import fc from 'fast-check';
import { readAuthorization } from '../../../src/platform/http/authorization';

const encode = (text: string): string => Buffer.from(text).toString('base64');

describe('readAuthorization (protocol 2.3, 3.1)', () => {
  it.each([undefined, '', '   '])('treats %j as no header', (header) => {
    expect(readAuthorization(header)).toEqual({ kind: 'none' });
  });

  it.each([
    [`Basic ${encode('alice:pw')}`, 'alice', 'pw'],
    [`basic   ${encode('alice:pw')}  `, 'alice', 'pw'],
    [`BASIC ${encode('alice:p:w:')}`, 'alice', 'p:w:'],
    [`Basic ${encode('alice:pässwörd 😀')}`, 'alice', 'pässwörd 😀'],
    [`Basic ${encode('alice:')}`, 'alice', ''],
    ['Basic Og==', '', ''],
    [`Basic ${encode('a:b').replace(/=+$/, '')}`, 'a', 'b'],
  ])('reads %s', (header, username, password) => {
    expect(readAuthorization(header)).toEqual({ kind: 'basic', username, password });
  });

  it.each(['Bearer abc._~+/-=', 'bearer   abc._~+/-=  '])('reads %s', (header) => {
    expect(readAuthorization(header)).toEqual({ kind: 'bearer', text: 'abc._~+/-=' });
  });

  it.each([
    ['Token signature=00,repository="a/b",access=read', ' signature=00,repository="a/b",access=read'],
    ['token signature=00', ' signature=00'],
    ['Token Token signature=00', ' Token signature=00'],
    ['Token ', ''],
    ['Token', ''],
  ])('leaves the content of %j to the issuer of the token', (header, text) => {
    expect(readAuthorization(header)).toEqual({ kind: 'token', text });
  });

  it.each([
    'Basic',
    'Basic ',
    'Basic !!!',
    `Basic ${encode('nocolon')}`,
    'Bearer',
    'Bearer a b',
    'Tokens x',
    'alice:pw',
    'Basic a b',
  ])('does not understand %j', (header) => {
    expect(readAuthorization(header)).toEqual({ kind: 'unknown' });
  });

  it('returns any name without a colon and any password', () => {
    const name = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes(':'));
    fc.assert(
      fc.property(name, fc.string({ unit: 'grapheme' }), (username, password) => {
        const header = `Basic ${encode(`${username}:${password}`)}`;
        expect(readAuthorization(header)).toEqual({ kind: 'basic', username, password });
      }),
    );
  });

  it('handles any text, and quickly', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(['none', 'basic', 'token', 'unknown']).toContain(readAuthorization(text).kind);
      }),
    );
    const startedAt = performance.now();
    readAuthorization(`Basic ${'A'.repeat(15_000)}${' '.repeat(15_000)}x`);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
