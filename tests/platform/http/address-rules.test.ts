import { addressRule } from '../../../src/platform/http/address-rules';

const target = (address: string, host = 'hooks.example.com', port = 80) => ({ address, host, port });

it.each([
  ['127.0.0.1', 'loopback'],
  ['127.255.3.4', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['::ffff:10.0.0.1', 'private'],
  ['10.1.2.3', 'private'],
  ['172.16.0.1', 'private'],
  ['192.168.0.1', 'private'],
  ['169.254.169.254', 'linkLocal'],
  ['fe80::1', 'linkLocal'],
  ['100.64.0.1', 'carrierGradeNat'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['::', 'unspecified'],
  ['255.255.255.255', 'broadcast'],
  ['240.0.0.1', 'reserved'],
  ['192.0.2.1', 'reserved'],
  ['198.18.0.1', 'reserved'],
  ['64:ff9b::7f00:1', 'rfc6052'],
  ['64:ff9b:1::7f00:1', 'rfc6052'],
  ['2002:7f00:1::', '6to4'],
  ['2001::1', 'teredo'],
  ['::7f00:1', 'reserved'],
  ['fc00::1', 'uniqueLocal'],
  ['fd12:3456::1', 'uniqueLocal'],
  ['fec0::1', 'deprecatedSiteLocal'],
  ['2001:db8::1', 'reserved'],
  ['4000::1', 'reserved'],
])('the address rule refuses %s, which is %s', (address, special) => {
  expect(addressRule([])(target(address))).toContain(`is not on the open internet (${special})`);
});

it.each(['8.8.8.8', '1.1.1.1', '::ffff:8.8.8.8', '2606:4700::1111', '172.32.0.1', '100.128.0.1'])(
  'the address rule allows %s',
  (address) => {
    expect(addressRule([])(target(address))).toBeUndefined();
  },
);

it.each(['localhost', '', '127.1', 'fe80::1%eth0'])(
  'the address rule refuses %j, which is not an address',
  (address) => {
    expect(addressRule([])(target(address))).toBe(`${address} is not an address`);
  },
);

it.each([
  ['an address', '127.0.0.1', target('127.0.0.1'), target('127.0.0.2')],
  ['an IPv4-mapped address', '127.0.0.1', target('::ffff:127.0.0.1'), target('::1')],
  ['an address and port', '127.0.0.1:8080', target('127.0.0.1', 'a.b', 8080), target('127.0.0.1', 'a.b', 8081)],
  ['an IPv6 address and port', '[::1]:8080', target('::1', '::1', 8080), target('::1', '::1', 80)],
  ['a network', '10.0.0.0/8', target('10.255.0.1'), target('127.0.0.1')],
  ['an IPv6 network', 'fd00::/8', target('fd00::1'), target('10.0.0.1')],
  ['a host name', 'Hooks.Internal', target('10.0.0.1', 'hooks.internal'), target('10.0.0.1', 'x.hooks.internal')],
  ['a host name and port', 'ci:80', target('10.0.0.1', 'ci', 80), target('10.0.0.1', 'ci', 81)],
])('the address rule allows %s that is listed, and nothing next to it', (_what, entry, inside, outside) => {
  expect(addressRule([entry])(inside)).toBeUndefined();
  expect(addressRule([entry])(outside)).toContain('is not on the open internet');
});

it.each(['http://ci', '10.0.0.0/33', 'a b', '127.0.0.1:0', '127.0.0.1:65536', '1.2.3', '-ci', ''])(
  'the address rule does not accept %j as an entry',
  (entry) => {
    expect(() => addressRule([entry])).toThrow('is not a host name, address or network');
  },
);
