import { CopyLine, Panel, Table } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { hubOf } from './engine-commands';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** The options that each generation of engines needs to use a hub without https. */
const GENERATIONS: readonly (readonly [engines: string, options: readonly string[]])[] = [
  ['0.6 to 1.3.0', []],
  ['1.3.1 to 17.05', ['--insecure-registry']],
  ['17.06 to 17.11', ['--insecure-registry', '--disable-legacy-registry=false']],
];

/** Instructions for a hub that is reached over http. */
export function PlainHttp({ visitor }: { readonly visitor: Visitor }): View {
  const { protocol, hostname } = new URL(visitor.origin);
  if (protocol === 'https:') return <></>;
  const hub = hubOf(visitor);
  const isLocal = LOOPBACK.test(hostname);
  return (
    <Panel title="This hub uses plain http">
      {isLocal ? (
        <p>
          An engine on the same host needs no setup. For engines on other hosts, start the hub with{' '}
          <code>HOST=0.0.0.0</code>, use its network name instead of <code>{hub}</code>, and configure the daemons:
        </p>
      ) : (
        <p>Most engines refuse plain http until their daemon is configured to allow it:</p>
      )}
      <Table caption="What engines need for plain http" head={['Engine', 'Daemon options']}>
        {GENERATIONS.map(([engines, needs]) => (
          <tr>
            <th scope="row" class="tight">
              {engines}
            </th>
            <td>
              {needs.length === 0 && 'None: these try https, then http'}
              {needs.map((option) => (
                <>
                  <code>{option}</code>{' '}
                </>
              ))}
            </td>
          </tr>
        ))}
      </Table>
      <p>As daemon options (on its command line or in its service file):</p>
      <CopyLine text={`--insecure-registry ${isLocal ? 'hub.example.com:5000' : hub}`} label="Option of the daemon" />
      <p class="fine">
        With plain http, anyone on the network path can read passwords. Use https outside your own network.
      </p>
    </Panel>
  );
}

/** Instructions for certificates, and for engines that are too old for today’s TLS. */
export function Tls({ visitor }: { readonly visitor: Visitor }): View {
  const isHttps = visitor.origin.startsWith('https:');
  const hub = isHttps ? hubOf(visitor) : 'hub.example.com:5000';
  return (
    <Panel title="https">
      {!isHttps && (
        <p>
          The hub's operator turns it on with <code>DRYDOCK_TLS_CERT</code> and <code>DRYDOCK_TLS_KEY</code>, or with a
          reverse proxy.
        </p>
      )}
      <p>
        An engine that does not trust the certificate’s authority (“x509: certificate signed by unknown authority”)
        needs the authority’s certificate here:
      </p>
      <CopyLine text={`/etc/docker/certs.d/${hub}/ca.crt`} label="Path of the authority’s certificate" />
      <p class="fine">
        <code>docker login</code> up to 1.5 does not read that folder. For it, also add the authority to the system’s
        trust store (<code>update-ca-certificates</code> or <code>update-ca-trust</code>) and restart the engine.
      </p>
      <p class="fine">
        Engines up to 0.7 only speak TLS 1.0, which current servers refuse: they need the hub’s legacy port (
        <code>DRYDOCK_LEGACY_TLS_PORT</code>), and only inside a trusted network.
      </p>
    </Panel>
  );
}
