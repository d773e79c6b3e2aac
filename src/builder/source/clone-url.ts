import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { AddressRule } from '../../platform/http/address-rules';
import { BuildFailure } from '../build-failure';

/** How a source is fetched. */
export type Protocol = 'https' | 'http' | 'ssh' | 'git';

/** The URL of a source, as git gets it. */
export interface CloneUrl {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
  /** Of ssh: `git` if the URL has none. */
  readonly user: string | undefined;
  /** Starts with a slash, also where `host:path` has none. */
  readonly path: string;
}

const PORTS: Readonly<Record<Protocol, number>> = { https: 443, http: 80, ssh: 22, git: 9418 };
const SCP = /^(?:(?<user>[a-z0-9._-]+)@)?(?<host>[a-z0-9][a-z0-9.-]*):(?<path>[^/].*)$/i;

/** Git and ssh take a word that starts with a dash for an option, and some of the others start commands. */
const PATH = /^\/[A-Za-z0-9._~+@%/-]{1,1000}$/;
const USER = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;
const HOST = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/;

/**
 * Reads the URL of a source: https, http, ssh, git, or `user@host:path` for ssh. Other transports of git, such as `ext::`
 * and local folders, are refused.
 *
 * @param allowed - the protocols that the operator allows
 * @throws BuildFailure
 */
export function readCloneUrl(url: string, allowed: readonly Protocol[]): CloneUrl {
  const read = fromScp(url) ?? fromUrl(url);
  if (read === undefined) throw new BuildFailure('The URL of the source is not one of https, ssh, http or git.');
  if (!allowed.includes(read.protocol)) {
    throw new BuildFailure(`Sources are not fetched over ${read.protocol} here, only over ${allowed.join(', ')}.`);
  }
  return read;
}

function fromScp(url: string): CloneUrl | undefined {
  const { user = 'git', host = '', path = '' } = url.includes('://') ? {} : (SCP.exec(url)?.groups ?? {});
  return checked({ protocol: 'ssh', host, port: PORTS.ssh, user, path: `/${path}` });
}

function fromUrl(text: string): CloneUrl | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const protocol = url.protocol.slice(0, -1);
  if (!(protocol in PORTS) || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  const known = protocol as Protocol;
  if (url.username !== '' && known !== 'ssh') return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? PORTS[known] : Number(url.port);
  return checked({
    protocol: known,
    host,
    port,
    user: known === 'ssh' ? url.username || 'git' : undefined,
    path: url.pathname,
  });
}

function checked(url: CloneUrl): CloneUrl | undefined {
  const isHost = HOST.test(url.host) || isIP(url.host) === 6;
  const isGood = isHost && PATH.test(url.path) && (url.user === undefined || USER.test(url.user));
  return isGood ? url : undefined;
}

/** The URL in one form. */
export function writeCloneUrl({ protocol, host, port, user, path }: CloneUrl): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return `${protocol}://${user === undefined ? '' : `${user}@`}${shown}:${port}${path}`;
}

/**
 * The address to which git has to connect: the name is resolved once, all of its addresses must be allowed, and git is
 * given one of them, so that a name that has another address a moment later gains nothing.
 *
 * @throws BuildFailure with the same sentence for a name that does not exist, or one of a network that is not allowed
 */
export async function allowedAddress({ host, port }: CloneUrl, rule: AddressRule): Promise<string> {
  const refuse = (cause?: unknown): BuildFailure =>
    new BuildFailure(`The host of the source, ${host}, has no address on the open internet.`, { cause });
  const addresses = await lookup(host, { all: true, verbatim: true }).catch((error: unknown) => {
    throw refuse(error);
  });
  for (const { address } of addresses) {
    const reason = rule({ host, port, address });
    if (reason !== undefined) throw refuse(reason);
  }
  const [first] = addresses;
  if (first === undefined) throw refuse();
  return first.address;
}
