import { CopyLine, Panel } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { exampleUser, hubOf } from './engine-commands';

/** The commands of clients of today other than docker. */
export function OtherClients({ visitor }: { readonly visitor: Visitor }): View {
  const hub = hubOf(visitor);
  const user = exampleUser(visitor);
  const isHttps = visitor.origin.startsWith('https:');
  const insecure = isHttps ? '' : ' --tls-verify=false';
  const insecureTarget = isHttps ? '' : ' --dest-tls-verify=false';
  const name = `${hub}/${user}/busybox`;
  const steps = [
    ['Log in', `podman login${insecure} -u ${user} ${hub}`],
    ['Push an image', `podman push${insecure} busybox ${name}`],
    ['Pull it', `podman pull${insecure} ${name}`],
    [
      'Copy it from another registry',
      `skopeo copy --all${insecureTarget} docker://docker.io/library/busybox docker://${name}`,
    ],
  ] as const;
  return (
    <Panel title="podman, skopeo and others">
      <ol class="steps">
        {steps.map(([label, command]) => (
          <li>
            <span>{label}</span>
            <CopyLine text={command} label={`${label} without docker: command`} />
          </li>
        ))}
      </ol>
      <p class="fine">
        containerd, buildkit, crane and oras work as well. They use the login of docker or podman, or ask for their own.
      </p>
    </Panel>
  );
}
