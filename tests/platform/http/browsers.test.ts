import type { IncomingMessage } from 'node:http';
import { trustProxies, trustsNobody } from '../../../src/platform/http/client-address';
import { cookie, readCookie } from '../../../src/platform/http/cookies';
import { csrfToken, isCsrfToken, isSameOrigin } from '../../../src/platform/http/csrf';
import { ownOrigin } from '../../../src/platform/http/own-origin';

function requestWith(
  headers: Record<string, string>,
  socket: object = { remoteAddress: '192.0.2.1' },
): IncomingMessage {
  return { headers, socket } as unknown as IncomingMessage;
}

describe('readCookie', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['a', undefined],
    ['a=1', '1'],
    ['b=2; a=1', '1'],
    ['b=2;a=1=1; c=3', '1=1'],
    ['xa=9; a=1; a=2', '1'],
    ['a=', ''],
  ])('in %j', (header, value) => {
    expect(readCookie(requestWith(header === undefined ? {} : { cookie: header }), 'a')).toBe(value);
  });
});

it('a cookie is hidden from scripts, and a secure one is sent only over https', () => {
  expect(cookie('a', '1', { maxAgeSeconds: 60, isSecure: true })).toBe(
    'a=1; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure',
  );
});

describe('ownOrigin', () => {
  const plain = { publicUrl: undefined, trustsProxy: trustsNobody };
  const behind = { publicUrl: undefined, trustsProxy: trustProxies(['192.0.2.1']) };
  const https = { host: 'hub.example.com', 'x-forwarded-proto': 'https' };

  it.each([
    ['the host of the request', plain, { host: 'Hub.Example.com:5000' }, 'http://hub.example.com:5000'],
    ['an address', plain, { host: '[::1]:5000' }, 'http://[::1]:5000'],
    ['no host', plain, {}, 'http://localhost'],
    ['a host that is none', plain, { host: 'evil/@x' }, 'http://localhost'],
    ['a proxy that is not trusted', plain, https, 'http://hub.example.com'],
    ['a proxy that is trusted', behind, https, 'https://hub.example.com'],
    ['the public URL', { ...behind, publicUrl: 'https://a.example.com/' }, https, 'https://a.example.com'],
  ])('%s', (_what, reachability, headers, origin) => {
    expect(ownOrigin(requestWith(headers as Record<string, string>), reachability)).toBe(origin);
  });

  it('uses https on a socket with TLS', () => {
    const socket = { remoteAddress: '192.0.2.1', encrypted: true };
    expect(ownOrigin(requestWith({ host: 'hub.example.com' }, socket), plain)).toBe('https://hub.example.com');
  });
});

describe('isSameOrigin', () => {
  it.each([
    [{}, true],
    [{ origin: 'https://a.example.com' }, true],
    [{ origin: 'http://a.example.com' }, false],
    [{ origin: 'https://b.example.com' }, false],
    [{ origin: 'null' }, false],
    [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ 'sec-fetch-site': 'same-site', origin: 'https://a.example.com' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
  ])('with the headers %j is %s', (headers, answer) => {
    expect(isSameOrigin(requestWith(headers as Record<string, string>), 'https://a.example.com')).toBe(answer);
  });
});

it('a CSRF token is valid only for its session and key', () => {
  const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const token = csrfToken(key, 'session');
  expect(isCsrfToken(key, 'session', token)).toBe(true);
  expect(isCsrfToken(key, 'another', token)).toBe(false);
  expect(isCsrfToken(other, 'session', token)).toBe(false);
  expect(isCsrfToken(key, 'session', `${token}x`)).toBe(false);
  expect(isCsrfToken(key, 'session', '')).toBe(false);
  expect(isCsrfToken(key, 'session', undefined)).toBe(false);
});
