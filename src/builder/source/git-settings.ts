import type { Credential } from '../../features/builds/credentials';
import type { CloneUrl } from './clone-url';
import type { Keys } from './ssh-keys';

type Setting = readonly [name: string, value: string];

const CONFIGURATION: readonly Setting[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['credential.helper', ''],
  ['http.followRedirects', 'false'],
  ['http.lowSpeedLimit', '1000'],
  ['http.lowSpeedTime', '60'],
  ['protocol.allow', 'never'],
  ['safe.directory', '*'],
  ['submodule.recurse', 'false'],
];

/**
 * What git is configured with: by its environment, which other users do not see.
 *
 * @param address - the only one that git connects to
 * @param keys - for ssh
 */
export function gitEnvironment(
  url: CloneUrl,
  address: string,
  credential: Credential | undefined,
  keys: Keys | undefined,
): Record<string, string> {
  const settings: Setting[] = [
    ...CONFIGURATION,
    [`protocol.${url.protocol}.allow`, 'always'],
    ['core.sshCommand', keys === undefined ? 'false' : sshCommand(url, address, keys)],
    ...connection(url, address),
    ...headers(url, credential),
  ];
  const pairs = settings.flatMap(([name, value], at): Setting[] => [
    [`GIT_CONFIG_KEY_${at}`, name],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(pairs) };
}

/** curl connects to the checked address, and still verifies the certificate of the name. */
function connection({ protocol, host, port }: CloneUrl, address: string): Setting[] {
  if (protocol !== 'http' && protocol !== 'https') return [];
  const shown = address.includes(':') ? `[${address}]` : address;
  return [
    ['http.curloptResolve', `${host}:${port}:${shown}`],
    ['http.proxy', ''],
  ];
}

function headers({ protocol }: CloneUrl, credential: Credential | undefined): Setting[] {
  if (credential?.kind !== 'token' || (protocol !== 'http' && protocol !== 'https')) return [];
  const basic = Buffer.from(`${credential.username}:${credential.token}`).toString('base64');
  return [['http.extraHeader', `Authorization: Basic ${basic}`]];
}

/** All words are ours: git hands them to a shell. */
function sshCommand({ host }: CloneUrl, address: string, keys: Keys): string {
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    `IdentityFile=${keys.inside}/key`,
    `UserKnownHostsFile=${keys.inside}/known_hosts`,
    'GlobalKnownHostsFile=/dev/null',
    `StrictHostKeyChecking=${keys.hasKnownHosts ? 'yes' : 'accept-new'}`,
    'ConnectTimeout=20',
    'ForwardAgent=no',
    `HostKeyAlias=${host}`,
    `HostName=${address}`,
  ];
  return ['ssh', '-F', '/dev/null', ...options.flatMap((option) => ['-o', option])].join(' ');
}
