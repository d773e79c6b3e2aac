import { CopyLine } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';

/** The name of this hub for the visitor's engine: `host[:port]`. */
export function hubOf(visitor: Visitor): string {
  return new URL(visitor.origin).host;
}

/** The username in the examples. */
export function exampleUser(visitor: Visitor): string {
  return visitor.login?.account.username ?? 'alice';
}

/** The steps from a login to the first pull, for this host and this visitor. */
export function PushSteps({ visitor }: { readonly visitor: Visitor }): View {
  const hub = hubOf(visitor);
  const user = exampleUser(visitor);
  const steps = [
    ['Log in', `docker login -u ${user} ${hub}`],
    ['Tag an image for this hub', `docker tag busybox ${hub}/${user}/busybox`],
    ['Push it', `docker push ${hub}/${user}/busybox`],
    ['Pull it on any host', `docker pull ${hub}/${user}/busybox`],
    ['Find it', `docker search ${hub}/busybox`],
  ] as const;
  return (
    <ol class="steps">
      {steps.map(([label, command]) => (
        <li>
          <span>{label}</span>
          <CopyLine text={command} label={`${label}: command`} />
        </li>
      ))}
    </ol>
  );
}
