import type { RepositoryName } from '../../../../features/access/actor';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import type { ShownTag } from '../../../../features/manifests/shown-tags';
import type { Engine } from '../../../../features/tags/engine';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { pointerPath, pullName, shortId, tagPath } from './addresses';

/** Names under which libraries send requests, and the programs that use them. */
const LIBRARIES: Readonly<Record<string, string>> = {
  containers: 'podman or skopeo with containers/image',
  'go-containerregistry': 'crane or others with go-containerregistry',
};

/** A client that is not docker, in readable form: `skopeo 1.22.0`. */
export function clientText(client: string): string {
  const [name = '', version = ''] = client.split('/');
  return `${LIBRARIES[name] ?? name} ${version}`;
}

/**
 * An engine in readable form: `docker 1.5.0, linux amd64`, or another client. The client chooses its values, so they are
 * not trusted.
 */
export function EngineName({ engine }: { readonly engine: Engine }): View {
  const { docker_version: version, os, arch, kernel, client } = engine;
  if (client !== undefined) return <span>{clientText(client)}</span>;
  if (version === undefined) return <span class="fine">unknown</span>;
  const machine = [os, arch].filter((part) => part !== undefined).join(' ');
  const title = kernel === undefined ? machine : `${machine} kernel ${kernel}`.trim();
  return <span {...(title === '' ? {} : { title })}>docker {version}</span>;
}

/** Who set a tag, and with what: `alice, docker 1.5.0`. */
export function Pusher({ tag: { setBy, engine } }: { readonly tag: Pick<ShownTag, 'setBy' | 'engine'> }): View {
  if (setBy === undefined) return <EngineName engine={engine} />;
  const isKnown = engine.client !== undefined || engine.docker_version !== undefined;
  return (
    <>
      {setBy}
      {isKnown && ', '}
      {isKnown && <EngineName engine={engine} />}
    </>
  );
}

/** The command that pulls a tag, for the client that can. */
export function pullCommand(
  visitor: Visitor,
  repository: RepositoryName,
  tag: Pick<ShownTag, 'name' | 'manifest'>,
): string {
  const client = tag.manifest?.kind === 'artifact' ? 'oras' : 'docker';
  return `${client} pull ${pullName(visitor, repository)}:${tag.name}`;
}

/** A link with the short id of an image or the short digest of a manifest; all of it appears on hover. */
export function PointerLink({
  repository,
  pointer,
}: {
  readonly repository: Pick<RepositoryDetails, 'namespace' | 'name'>;
  readonly pointer: string;
}): View {
  return (
    <a class="mono" href={pointerPath(repository, pointer)} title={pointer}>
      {shortId(pointer)}
    </a>
  );
}

/** What a visitor may do with a tag. */
export function TagLinks({
  visitor,
  repository,
  tag: { name },
}: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly tag: ShownTag;
}): View {
  const history = `history/?${new URLSearchParams({ tag: name }).toString()}`;
  return (
    <p class="actions">
      <a href={repositoryPath(repository, history)}>History of this tag</a>
      {visitor.login !== undefined && <a href={`${tagPath(repository, name)}copy/`}>Copy to another repository</a>}
      {repository.canAdminister && <a href={`${tagPath(repository, name)}delete/`}>Delete this tag</a>}
    </p>
  );
}
