import type { IncomingMessage } from 'node:http';
import { clientAddress, isForwardedHttps, trustProxies } from '../../../src/platform/http/client-address';

function addressOf(peer: string | undefined, forwardedFor: string | undefined, proxies: string[]): string {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  const request = { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
  return clientAddress(request, trustProxies(proxies));
}

const PROXIES = ['10.0.0.0/8', '2001:db8::1'];

it.each<[what: string, peer: string | undefined, forwardedFor: string | undefined, proxies: string[], address: string]>(
  [
    ['nobody forwards', '192.0.2.1', undefined, PROXIES, '192.0.2.1'],
    ['an untrusted client sends any value', '192.0.2.1', '198.51.100.7', PROXIES, '192.0.2.1'],
    ['no proxy is trusted', '10.0.0.1', '198.51.100.7', [], '10.0.0.1'],
    ['a trusted proxy forwards', '10.0.0.1', '198.51.100.7', PROXIES, '198.51.100.7'],
    ['a trusted proxy of IPv6 forwards', '2001:db8::1', '2001:db8:7::7', PROXIES, '2001:db8:7::7'],
    ['two trusted proxies forward', '10.0.0.1', '198.51.100.7, 10.9.9.9', PROXIES, '198.51.100.7'],
    ['a client writes before the proxy does', '10.0.0.1', '203.0.113.9, 198.51.100.7', PROXIES, '198.51.100.7'],
    ['a client pretends to be a proxy', '10.0.0.1', '203.0.113.9, 198.51.100.7, 10.0.0.2', PROXIES, '198.51.100.7'],
    ['a proxy forwards nothing', '10.0.0.1', undefined, PROXIES, '10.0.0.1'],
    ['a proxy writes no address', '10.0.0.1', 'unknown', PROXIES, '10.0.0.1'],
    ['the header is empty', '10.0.0.1', '', PROXIES, '10.0.0.1'],
    ['the header is very long', '10.0.0.1', `${'x'.repeat(10_000)}, 198.51.100.7`, PROXIES, '198.51.100.7'],
    ['the socket is for both families', '::ffff:192.0.2.1', undefined, [], '192.0.2.1'],
    ['a proxy connects to a socket for both families', '::ffff:10.0.0.1', '198.51.100.7', PROXIES, '198.51.100.7'],
    ['a proxy writes a mapped address', '10.0.0.1', '::ffff:198.51.100.7', PROXIES, '198.51.100.7'],
    ['loopback is trusted by its name', '127.0.0.1', '198.51.100.7', ['loopback'], '198.51.100.7'],
    ['the connection is gone', undefined, '198.51.100.7', PROXIES, 'unknown'],
  ],
)('the client address is right when %s', (_what, peer, forwardedFor, proxies, address) => {
  expect(addressOf(peer, forwardedFor, proxies)).toBe(address);
});

it.each(['proxy.example.com', '10.0.0.0/33', ''])('the proxy list refuses %j, and the error names it', (entry) => {
  expect(() => trustProxies(['10.0.0.1', entry])).toThrow(/^invalid /);
});

it.each([
  ['203.0.113.8:41234', '203.0.113.8'],
  ['[2001:db8:7::7]:41234', '2001:db8:7::7'],
  ['[2001:db8:7::7]', '2001:db8:7::7'],
  ['"[2001:db8:7::7]:41234"', '2001:db8:7::7'],
  ['203.0.113.8:41234, 10.9.9.9:80', '203.0.113.8'],
  ['198.51.100.7,203.0.113.8', '203.0.113.8'],
  ['_hidden', '10.0.0.1'],
  ['203.0.113.8:41234:1', '10.0.0.1'],
])('X-Forwarded-For may contain %j', (header, address) => {
  expect(addressOf('10.0.0.1', header, PROXIES)).toBe(address);
});

describe('X-Forwarded-Proto', () => {
  function isHttps(peer: string, proto: string | undefined, forwardedFor?: string): boolean {
    const headers = { 'x-forwarded-proto': proto, 'x-forwarded-for': forwardedFor };
    const request = { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
    return isForwardedHttps(request, trustProxies(PROXIES));
  }

  it.each(['https', 'HTTPS', ' https '])('is https as %j', (proto) => {
    expect(isHttps('10.0.0.1', proto)).toBe(true);
  });

  it.each([undefined, '', 'http', 'wss'])('is not https as %j', (proto) => {
    expect(isHttps('10.0.0.1', proto)).toBe(false);
  });

  it('counts only from a trusted proxy', () => {
    expect(isHttps('192.0.2.1', 'https')).toBe(false);
  });

  it('is what the outermost trusted proxy saw, and not what a client wrote before that', () => {
    expect(isHttps('10.0.0.1', 'https, http', '198.51.100.7, 10.0.0.2')).toBe(true);
    expect(isHttps('10.0.0.1', 'https, http', '198.51.100.7')).toBe(false);
    expect(isHttps('10.0.0.1', 'https, http, http', '198.51.100.7, 10.0.0.2')).toBe(false);
  });
});
