import type { RepositoryName } from '../../../../features/access/actor';
import type { BuildSource, NewBuildSource } from '../../../../features/builds/sources';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { DangerButton } from '../../components/buttons';
import { Actions } from '../../components/forms';
import { HookState } from '../../components/hook-state';
import { CopyLine, Panel } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { buildsPath } from '../builds/build-parts';
import { buildSettingsPath } from './frame';

/* What has to be pasted at the provider. */

/** Whether this server adds the hook and the deploy key at the provider, with a linked account. */
const isAddedHere = ({ linked }: BuildSource): boolean => linked !== undefined && linked.state !== 'by_hand';

/** The repository of a linked account that a source is; nothing for any other git URL. */
export function LinkedAccountOf({ source: { linked } }: { readonly source: BuildSource }): View {
  if (linked === undefined) return <></>;
  return (
    <p>
      It is {linked.fullName} of the linked account {linked.login}. Its hook there:{' '}
      <HookState state={linked.state} error={linked.error} />
    </p>
  );
}

/** The deploy key of a source that users add; nothing if it has none. */
export function DeployKey({ source }: { readonly source: BuildSource }): View {
  const { publicKey } = source;
  if (publicKey === undefined || isAddedHere(source)) return <></>;
  return (
    <>
      <p>Add this deploy key to the git repository, with read access only:</p>
      <CopyLine text={publicKey} label="Deploy key" />
    </>
  );
}

/** The URL of the hooks, and a button that replaces it. */
export function HookPanel({
  visitor,
  repository,
  source,
}: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly source: BuildSource;
}): View {
  return (
    <Panel title="Hooks">
      {isAddedHere(source) ? (
        <p>The linked account has the hook added at the provider, with this URL:</p>
      ) : (
        <p>The provider sends its hooks for pushes, as JSON, to this URL, with the secret that was shown with it:</p>
      )}
      <CopyLine text={source.hookUrl} label="URL of the hooks" />
      <DangerButton
        visitor={visitor}
        action={buildSettingsPath(repository, 'hook/')}
        text="Create a new URL and secret"
        question="Hooks to the present URL are refused at once."
      />
    </Panel>
  );
}

/** What is shown only once: the secret of the hooks, with everything else that the provider needs. */
export function CreatedSource({
  repository,
  source,
}: {
  readonly repository: RepositoryName;
  readonly source: NewBuildSource;
}): View {
  if (isAddedHere(source)) {
    return (
      <Panel title="The provider gets the new hook">
        <LinkedAccountOf source={source} />
        <Actions>
          <a class="button" href={buildsPath(repository)}>
            Go to the builds
          </a>
        </Actions>
      </Panel>
    );
  }
  return (
    <Panel title="Now tell the provider">
      <DeployKey source={source} />
      <p>
        Add a webhook to the git repository, for pushes, as JSON. GitHub, Gitea and Bitbucket sign it with the secret;
        for GitLab, it is the secret token.
      </p>
      <CopyLine text={source.hookUrl} label="URL of the hooks" />
      <p>This is its secret. Copy it now: it will not be shown again.</p>
      <CopyLine text={source.hookSecret} label="Secret of the hooks" />
      <Actions>
        <a class="button" href={buildsPath(repository)}>
          Go to the builds
        </a>
        <a class="button quiet" href={buildSettingsPath(repository, 'rules/')}>
          Edit the build rules
        </a>
      </Actions>
    </Panel>
  );
}
