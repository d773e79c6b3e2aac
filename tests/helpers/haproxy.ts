import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startProxy, type Proxy } from './proxy-process';
import { selfSignedCertificate } from './self-signed-certificate';

const SAMPLE = readFileSync(path.join(__dirname, '../../deploy/haproxy.cfg'), 'utf8');

/** A HAProxy with the sample of `deploy/`. */
export interface Haproxy extends Proxy {
  /** has the configuration, and the socket `tls` for https */
  readonly dir: string;
}

/** The sample in `deploy/`, with the ports of this test. Clients speak http to it, so it does not say https. */
function sampleFor(servers: readonly string[], port: number, dir: string): string {
  const { cert, key } = selfSignedCertificate();
  writeFileSync(path.join(dir, 'hub.pem'), cert + key);
  const lines = servers.map((url, at) => `    server s${at + 1} ${new URL(url).host}`).join('\n');
  const changes: [string | RegExp, string][] = [
    [
      'bind :443 ssl crt /etc/haproxy/hub.example.com.pem',
      `bind 127.0.0.1:${port}\n    bind ${dir}/tls ssl crt ${dir}/hub.pem`,
    ],
    ['X-Forwarded-Proto https', 'X-Forwarded-Proto %[ssl_fc,iif(https,http)]'],
    ['inter 2s', 'inter 100ms'],
    [/^( {4}server \w+ .*\n)+/m, `${lines}\n`],
  ];
  return changes.reduce((text, [from, to]) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`deploy/haproxy.cfg no longer has ${from}`);
    return changed;
  }, SAMPLE);
}

/**
 * Starts a HAProxy in front of servers, which get the requests in turns.
 *
 * @param servers - their URLs
 */
export async function startHaproxy(servers: readonly string[]): Promise<Haproxy> {
  let folder = '';
  const proxy = await startProxy({
    program: 'haproxy',
    args: (file) => ['-db', '-f', file],
    configuration: (port, dir) => sampleFor(servers, port, (folder = dir)),
  });
  return { ...proxy, dir: folder };
}
