import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * The part of IPv6 that is assigned to the public internet; an address in it that stands for an IPv4 address is refused
 * by its class.
 */
const GLOBAL_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** An IPv4-mapped IPv6 address counts as its IPv4 address, because the system would connect to that. */
function parse(address: string): Address | undefined {
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) !== 0 && !bare.includes('%') ? ipaddr.process(bare) : undefined;
}

/** `loopback`, `private`, `linkLocal`, …, or undefined for an address of the public internet. */
function specialClass(address: Address): string | undefined {
  const range = address.range();
  if (range !== 'unicast') return range;
  return address.kind() === 'ipv6' && !address.match(GLOBAL_V6) ? 'reserved' : undefined;
}

interface Rule {
  readonly matchesHost: (host: string) => boolean;
  readonly matchesAddress: (address: Address) => boolean;
  readonly port: number | undefined;
}

const never = (): boolean => false;

const WITH_PORT = /^(?<host>\[[^\]]+\]|[^:]+):(?<port>\d{1,5})$/;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

function networkRule(entry: string): Rule | undefined {
  if (!ipaddr.isValidCIDR(entry)) return undefined;
  const network = ipaddr.parseCIDR(entry);
  const matchesAddress = (address: Address): boolean => address.kind() === network[0].kind() && address.match(network);
  return { matchesHost: never, matchesAddress, port: undefined };
}

function parseRule(entry: string): Rule {
  const network = networkRule(entry);
  if (network !== undefined) return network;
  const { host = entry, port } = WITH_PORT.exec(entry)?.groups ?? {};
  const address = parse(host);
  const name = host.toLowerCase();
  const isGood = address !== undefined || (HOST_NAME.test(name) && !/^[\d.]+$/.test(name));
  if (!isGood || Number(port ?? 1) > 65_535 || Number(port ?? 1) < 1) {
    throw new Error(`${entry} is no host name, address or network (10.0.0.0/8)`);
  }
  return {
    matchesHost: address === undefined ? (asked) => asked === name : never,
    matchesAddress: address === undefined ? never : (asked) => asked.toString() === address.toString(),
    port: port === undefined ? undefined : Number(port),
  };
}

/** The target of a request: a host by name or address, the port, and one of the addresses of the name. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly address: string;
}

/** Why an address may not be contacted, in words; undefined: it may. */
export type AddressRule = (target: Target) => string | undefined;

/**
 * Allows requests to the public internet, and to our own networks only where they are listed.
 *
 * @param allowed - host names, addresses (both with a port, if only that one is meant) or networks (`10.0.0.0/8`)
 * @throws Error for an entry that is none of these
 */
export function addressRule(allowed: readonly string[]): AddressRule {
  const rules = allowed.map(parseRule);
  return ({ host, port, address: text }) => {
    const address = parse(text);
    if (address === undefined) return `${text} is no address`;
    const special = specialClass(address);
    if (special === undefined) return undefined;
    const isAllowed = rules.some(
      (rule) =>
        (rule.port === undefined || rule.port === port) && (rule.matchesHost(host) || rule.matchesAddress(address)),
    );
    return isAllowed ? undefined : `${address.toString()} is not on the open internet (${special})`;
  };
}
