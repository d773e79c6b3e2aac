import type { BuildSource } from '../../../../features/builds/sources';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { DangerButton } from '../../components/buttons';
import { Actions, Checkbox, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import type { Fault } from '../../problems';
import { VERSION } from '../../version';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { buildSettingsPath } from './frame';
import { DeployKey, HookPanel, LinkedAccountOf } from './hook-panel';
import { RuleFields, type TypedRule } from './rule-fields';
import { RightsOfBuilds, SourceFields, type TypedSource } from './source-fields';

interface Of {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly typed: TypedSource;
  readonly fault: Fault | undefined;
}

/** The form that makes a repository an automated one. */
export function NewSource({ visitor, repository, typed, rule, fault }: Of & { readonly rule: TypedRule }): View {
  return (
    <Panel title="Build this repository from git">
      <p>
        Each push to a git repository that matches a build rule builds the Dockerfile there. More rules can be added
        later.
      </p>
      <RightsOfBuilds />
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault} action={buildSettingsPath(repository)}>
        <SourceFields typed={typed} isNew={true} />
        <h3>The first build rule</h3>
        <RuleFields typed={rule} />
        <Actions>
          <button type="submit">Build from git</button>
        </Actions>
      </Form>
    </Panel>
  );
}

function Removal({ visitor, repository }: Pick<Of, 'visitor' | 'repository'>): View {
  return (
    <Panel title="Switch off automated builds" tone="danger">
      <p>
        The repository becomes an ordinary one, to which images are pushed. Its tags and the history of its builds stay.
      </p>
      <DangerButton
        visitor={visitor}
        action={buildSettingsPath(repository, 'remove/')}
        class="danger"
        text="Remove the source"
        question="Builds that wait or run are cancelled, and the hooks, the trigger URL and the build rules end."
      />
    </Panel>
  );
}

/** The settings of a source that is there. */
export function SourceSettings({
  visitor,
  repository,
  source,
  typed,
  version,
  fault,
}: Of & { readonly source: BuildSource; readonly version: string }): View {
  const isAdmin = visitor.login?.account.isAdmin === true;
  return (
    <>
      <Panel title="Source">
        {source.createdBy === undefined ? (
          <p class="notice problem">
            The account that set up this source is gone, so builds fail. Save it to take over.
          </p>
        ) : (
          <p>
            Builds have the rights of <a href={`/u/${source.createdBy}/`}>{source.createdBy}</a>. If you save the
            source, they have yours.
          </p>
        )}
        <RightsOfBuilds />
        <LinkedAccountOf source={source} />
        <DeployKey source={source} />
        <Problem fault={fault} />
        <Form visitor={visitor} fault={fault} action={buildSettingsPath(repository, 'change/')}>
          <input type="hidden" name={VERSION} value={version} />
          <SourceFields typed={typed} isNew={false} />
          {isAdmin && (
            <Checkbox
              label="The steps of builds have a network"
              name="allows_network"
              checked={source.allowsNetwork}
              hint="Only site administrators see and decide this."
            />
          )}
          <Actions>
            <button type="submit">Save</button>
          </Actions>
        </Form>
      </Panel>
      <HookPanel visitor={visitor} repository={repository} source={source} />
      <Removal visitor={visitor} repository={repository} />
    </>
  );
}
