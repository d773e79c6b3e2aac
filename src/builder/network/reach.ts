import { lookup } from 'node:dns/promises';
import type { AddressRule } from '../../platform/http/address-rules';

/** Ports of the public internet; what the operator lists has the port that is listed. */
const PUBLIC_PORTS = new Set([80, 443]);

/** Why a build may not reach a host, in words. */
export class OutOfReach extends Error {
  override readonly name = 'OutOfReach';
}

/**
 * Finds the address to connect to, so that a name cannot mean another one afterwards.
 *
 * @param listed - what the operator allows of internal networks
 * @param internet - allows no part of internal networks
 * @throws OutOfReach when the name has no address, or none that a build may reach
 */
export async function addressWithinReach(
  host: string,
  port: number,
  { listed, internet }: { readonly listed: AddressRule; readonly internet: AddressRule },
): Promise<string> {
  const found = await lookup(host.replace(/^\[(.*)\]$/, '$1'), { all: true }).catch(() => []);
  if (found.length === 0) throw new OutOfReach(`${host} has no address`);
  let reason = '';
  for (const { address } of found) {
    const target = { host, port, address };
    const isPublic = internet(target) === undefined;
    const refused = listed(target);
    if (refused === undefined && (!isPublic || PUBLIC_PORTS.has(port))) return address;
    reason = refused ?? `port ${port} of the internet is not open to builds, only 80 and 443`;
  }
  throw new OutOfReach(reason);
}
