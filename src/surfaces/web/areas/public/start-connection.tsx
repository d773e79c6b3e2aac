import { CopyLine, Panel, Table } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { hubOf } from './engine-commands';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** What a generation of clients needs to use a hub without https; no words: nothing. */
type Need = readonly [clients: string, words: readonly string[], where?: string];

const OLD: readonly Need[] = [
  ['docker 0.6 to 1.3.0', []],
  ['docker 1.3.1 to 17.05', ['--insecure-registry'], 'option of the daemon'],
];

const LAST_WITH_V1: Need = [
  'docker 17.06 to 17.11',
  ['--insecure-registry', '--disable-legacy-registry=false'],
  'options of the daemon',
];

function needsOfToday(hub: string): readonly Need[] {
  return [
    ['docker from 17.06 on', [`"insecure-registries": ["${hub}"]`], 'in /etc/docker/daemon.json'],
    ['podman, buildah, skopeo', ['--tls-verify=false'], 'option of login, push and pull'],
    ['crane', ['--insecure'], 'option of each command'],
    ['ctr, oras', ['--plain-http'], 'option of push and pull'],
  ];
}

function NeedsTable({ needs }: { readonly needs: readonly Need[] }): View {
  return (
    <Table caption="What clients need for plain http" head={['Client', 'Setting']}>
      {needs.map(([clients, words, where]) => (
        <tr>
          <th scope="row" class="tight">
            {clients}
          </th>
          <td>
            {words.length === 0 && 'None: these try https, then http'}
            {words.map((word) => (
              <>
                <code>{word}</code>{' '}
              </>
            ))}
            {where !== undefined && <small class="below">{where}</small>}
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** Instructions for a hub that is reached over http. */
export function PlainHttp({ visitor, hasV2 }: { readonly visitor: Visitor; readonly hasV2: boolean }): View {
  const { protocol, hostname } = new URL(visitor.origin);
  if (protocol === 'https:') return <></>;
  const isLocal = LOOPBACK.test(hostname);
  const hub = isLocal ? 'hub.example.com:5000' : hubOf(visitor);
  return (
    <Panel title="This hub uses plain http">
      {isLocal ? (
        <p>
          Docker on the same host needs no setup. For engines on other hosts, start the hub with{' '}
          <code>HOST=0.0.0.0</code>, use its network name instead of <code>{hubOf(visitor)}</code>, and configure them:
        </p>
      ) : (
        <p>Most clients refuse plain http until they are configured to allow it:</p>
      )}
      <NeedsTable needs={hasV2 ? [...OLD, ...needsOfToday(hub)] : [...OLD, LAST_WITH_V1]} />
      <p>For old engines, as a daemon option (on its command line or in its service file):</p>
      <CopyLine text={`--insecure-registry ${hub}`} label="Option of the daemon" />
      {hasV2 && (
        <>
          <p>For docker of today, in /etc/docker/daemon.json; then restart the daemon:</p>
          <CopyLine text={`{ "insecure-registries": ["${hub}"] }`} label="Content of daemon.json" />
        </>
      )}
      <p class="fine">
        With plain http, anyone on the network path can read passwords. Use https outside your own network.
      </p>
    </Panel>
  );
}

/** Instructions for certificates, and for engines that are too old for today’s TLS. */
export function Tls({ visitor, hasV2 }: { readonly visitor: Visitor; readonly hasV2: boolean }): View {
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
      {hasV2 && (
        <p class="fine">
          podman, buildah and skopeo also read <code>/etc/containers/certs.d/{hub}/ca.crt</code>.
        </p>
      )}
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
