import type { LinkedBase } from '../../../../features/builds/links';
import type { BuildSource } from '../../../../features/builds/sources';
import type { Trigger, TriggerOutcome } from '../../../../features/builds/triggers';
import { displayName, fullName } from '../../../../features/repositories/names';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { ActButton, DangerButton } from '../../components/buttons';
import { Actions, Field, Form } from '../../components/forms';
import { CopyLine, Panel, Table } from '../../components/page-parts';
import { Ago, Moment } from '../../components/quantities';
import type { Fault } from '../../problems';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { buildSettingsPath } from './frame';

interface Of {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
}

const OUTCOMES: Readonly<Record<TriggerOutcome, string>> = {
  started: 'started',
  pending: 'ignored: a build waits',
  too_often: 'ignored: one in five minutes',
  nothing: 'no rule is about it',
};

function Calls({ calls }: Pick<Trigger, 'calls'>): View {
  if (calls.length === 0) return <p class="fine">It has not been called yet.</p>;
  return (
    <Table caption="The last calls" head={['When', 'From', 'Asked for', 'Outcome']}>
      {calls.map(({ at, address, asked, outcome }) => (
        <tr>
          <td>
            <Ago at={at} />
          </td>
          <td class="text">{address}</td>
          <td class="text">{asked}</td>
          <td>{OUTCOMES[outcome]}</td>
        </tr>
      ))}
    </Table>
  );
}

/** The trigger URL: its last calls, and buttons that replace and remove it. */
export function TriggerPanel({ visitor, repository, trigger }: Of & { readonly trigger: Trigger | undefined }): View {
  const path = buildSettingsPath(repository, 'trigger/');
  return (
    <Panel title="Trigger URL">
      <p>
        A <code>POST</code> of <code>build=true</code>, <code>docker_tag</code>, or <code>source_type</code> and{' '}
        <code>source_name</code> to it starts builds, without other credentials. One build of it waits at most, and one
        is started in five minutes.
      </p>
      {trigger === undefined ? (
        <ActButton visitor={visitor} action={path} class="quiet">
          Create a trigger URL
        </ActButton>
      ) : (
        <>
          <p>
            It was created <Ago at={trigger.createdAt} />, and is not shown again.
          </p>
          <Calls calls={trigger.calls} />
          <div class="actions">
            <DangerButton
              visitor={visitor}
              action={path}
              class="quiet"
              text="Replace the URL"
              question="The present URL ends at once."
            />
            <DangerButton
              visitor={visitor}
              action={`${path}remove/`}
              text="Remove the URL"
              question="Programs that call it get an error."
            />
          </div>
        </>
      )}
    </Panel>
  );
}

/** A trigger URL that was just created; it is shown only once. */
export function CreatedTrigger({
  repository,
  url,
}: {
  readonly repository: RepositoryDetails;
  readonly url: string;
}): View {
  return (
    <Panel title="The trigger URL was created">
      <p>Copy it now: it will not be shown again.</p>
      <CopyLine text={url} label="Trigger URL" />
      <CopyLine text={`curl -d build=true ${url}`} label="Command that starts all builds" />
      <Actions>
        <a class="button" href={buildSettingsPath(repository, 'triggers/')}>
          Back to the triggers
        </a>
      </Actions>
    </Panel>
  );
}

/** When the repository is built by itself. */
export function SchedulePanel({
  visitor,
  repository,
  source,
  typed,
  fault,
}: Of & { readonly source: BuildSource; readonly typed: string | undefined; readonly fault: Fault | undefined }): View {
  return (
    <Panel title="Schedule">
      {source.scheduledAt === undefined ? (
        <p>All rules are built at these times, as for the updates of base images.</p>
      ) : (
        <p>
          The next builds are at <Moment at={source.scheduledAt} />.
        </p>
      )}
      <Form visitor={visitor} fault={fault} action={buildSettingsPath(repository, 'schedule/')}>
        <Field
          label="Schedule"
          name="schedule"
          value={typed ?? source.schedule}
          maxlength={100}
          hint="Five fields of cron in UTC, such as 17 3 * * * for each night, at most once an hour. Leave empty to switch it off."
        />
        <Actions>
          <button type="submit">Save schedule</button>
        </Actions>
      </Form>
    </Panel>
  );
}

/** The base repositories whose pushes build this one. */
export function LinksPanel({
  visitor,
  repository,
  bases,
  typed = '',
  fault,
}: Of & {
  readonly bases: readonly LinkedBase[];
  readonly typed: string | undefined;
  readonly fault: Fault | undefined;
}): View {
  const path = buildSettingsPath(repository, 'links/');
  return (
    <Panel title="Repository links">
      <p>After each push to a linked base repository, this one is built.</p>
      {bases.length > 0 && (
        <Table caption="Base repositories" head={['Repository', 'Since', '']}>
          {bases.map((base) => (
            <tr>
              <td class="text">
                <a href={repositoryPath(base)}>{displayName(base)}</a>
              </td>
              <td>
                <Ago at={base.createdAt} />
              </td>
              <td class="number">
                <ActButton
                  visitor={visitor}
                  action={`${path}remove/`}
                  fields={{ base: fullName(base) }}
                  label={`Remove the link to ${displayName(base)}`}
                >
                  Remove
                </ActButton>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Form visitor={visitor} fault={fault} action={path}>
        <Field
          label="Base repository"
          name="base"
          value={typed}
          required
          maxlength={255}
          hint="Such as library/node, or alice/base."
        />
        <Actions>
          <button type="submit">Add link</button>
        </Actions>
      </Form>
    </Panel>
  );
}
