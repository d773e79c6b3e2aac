import { CopyLine, Panel, Table } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { hubOf } from './engine-commands';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** What the generations of engines need before they talk to a hub without https. */
const GENERATIONS: readonly (readonly [engines: string, options: readonly string[]])[] = [
  ['0.6 to 1.3.0', []],
  ['1.3.1 to 17.05', ['--insecure-registry']],
  ['17.06 to 17.11', ['--insecure-registry', '--disable-legacy-registry=false']],
];

/** Of a hub that is reached by http. */
export function PlainHttp({ visitor }: { readonly visitor: Visitor }): View {
  const { protocol, hostname } = new URL(visitor.origin);
  if (protocol === 'https:') return <></>;
  const hub = hubOf(visitor);
  const isLocal = LOOPBACK.test(hostname);
  return (
    <Panel title="This hub speaks plain http">
      {isLocal ? (
        <p>
          An engine on this very host needs nothing for it. For engines on other hosts, start the hub with{' '}
          <code>HOST=0.0.0.0</code>, use its name in the network instead of <code>{hub}</code>, and tell the daemons:
        </p>
      ) : (
        <p>Most engines refuse that until their daemon is told to allow it:</p>
      )}
      <Table caption="What engines need for plain http" head={['Engine', 'What its daemon needs']}>
        {GENERATIONS.map(([engines, needs]) => (
          <tr>
            <th scope="row" class="tight">
              {engines}
            </th>
            <td>
              {needs.length === 0 && 'Nothing: they try https, then http'}
              {needs.map((option) => (
                <>
                  <code>{option}</code>{' '}
                </>
              ))}
            </td>
          </tr>
        ))}
      </Table>
      <p>As options of the daemon (start it with them, or add them to its service):</p>
      <CopyLine text={`--insecure-registry ${isLocal ? 'hub.example.com:5000' : hub}`} label="Option of the daemon" />
      <p class="fine">Passwords can be read on the way then. Use https for all that leaves your own network.</p>
    </Panel>
  );
}

/** Certificates, and engines that are too old for today’s TLS. */
export function Tls({ visitor }: { readonly visitor: Visitor }): View {
  const isHttps = visitor.origin.startsWith('https:');
  const hub = isHttps ? hubOf(visitor) : 'hub.example.com:5000';
  return (
    <Panel title="https">
      {!isHttps && (
        <p>
          Whoever runs this hub switches it on with <code>DRYDOCK_TLS_CERT</code> and <code>DRYDOCK_TLS_KEY</code>, or
          with a proxy in front.
        </p>
      )}
      <p>
        An engine that does not know the authority of the certificate (“x509: certificate signed by unknown authority”)
        needs its certificate here:
      </p>
      <CopyLine text={`/etc/docker/certs.d/${hub}/ca.crt`} label="Path of the authority’s certificate" />
      <p class="fine">
        <code>docker login</code> up to 1.5 does not read that folder. There, add the authority to the store of the
        system as well (<code>update-ca-certificates</code> or <code>update-ca-trust</code>), and restart the engine.
      </p>
      <p class="fine">
        Engines up to 0.7 speak TLS 1.0 only, which current servers refuse: they need the legacy port of this hub (
        <code>DRYDOCK_LEGACY_TLS_PORT</code>), within their own network.
      </p>
    </Panel>
  );
}
