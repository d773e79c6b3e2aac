import type { Context } from '../../../../context';
import { listOwnNamespaces } from '../../../../features/namespaces/own-namespaces';
import { listAliases, moveRepository, removeAlias } from '../../../../features/repositories/moving';
import { displayName, parseRepositoryName } from '../../../../features/repositories/names';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import { DangerButton } from '../../components/buttons';
import { Actions, Field, Form, Problem, Select } from '../../components/forms';
import { Empty, Panel, Table } from '../../components/page-parts';
import { attempt, naming, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { ofSettings, settingsPage, settingsPath, type AdministeredDetails } from './settings-page';

const PART = 'move/';

function MoveForm(props: {
  readonly visitor: Visitor;
  readonly action: string;
  readonly namespaces: readonly string[];
  readonly values: { readonly namespace: string; readonly name: string };
  readonly fault?: Fault | undefined;
}): View {
  const { visitor, action, namespaces, values, fault } = props;
  return (
    <Panel title="Rename or transfer">
      <p>
        Pulls by the former name keep working; pushes need the new one. A transfer to another namespace ends the access
        of collaborators and teams.
      </p>
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault} action={action}>
        <Select
          label="Namespace"
          name="to_namespace"
          of="namespace"
          value={values.namespace}
          options={namespaces.map((name) => ({ value: name, label: name }))}
          hint="Namespaces in which you can create repositories."
        />
        <Field label="Name" name="to_name" of="name" value={values.name} required maxlength={255} />
        <Actions>
          <button type="submit">Move</button>
        </Actions>
      </Form>
    </Panel>
  );
}

function FormerNames({
  visitor,
  repository,
  aliases,
}: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly aliases: Awaited<ReturnType<typeof listAliases>>;
}): View {
  if (aliases.length === 0) {
    return (
      <Empty title="No former names">
        <p>After a move, the former name is listed here and still works for pulls.</p>
      </Empty>
    );
  }
  return (
    <>
      <p>
        Pulls by these names work. Remove a name when no host uses it any longer: a new repository can then take it.
      </p>
      <Table caption="Former names" head={['Name', <span class="unseen">Remove</span>]}>
        {aliases.map((alias) => (
          <tr>
            <td>
              <code>{displayName(alias)}</code>
            </td>
            <td>
              <DangerButton
                visitor={visitor}
                action={settingsPath(repository, `${PART}aliases/remove/`)}
                fields={{ alias_namespace: alias.namespace, alias_name: alias.name }}
                label={`Remove the former name ${displayName(alias)}`}
                text="Remove"
                question="Pulls by this name stop working, and another repository can take it."
              />
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

async function show(
  ctx: Context,
  visitor: Visitor,
  repository: AdministeredDetails,
  options: { values?: { namespace: string; name: string }; fault?: Fault } = {},
): Promise<Reply> {
  const { values = repository, fault } = options;
  const aliases = await listAliases(ctx, repository);
  const own = await listOwnNamespaces(ctx, visitor.actor);
  const names = own.filter(({ canCreate }) => canCreate).map(({ name }) => name);
  return settingsPage(
    visitor,
    repository,
    { title: 'Rename or transfer', current: PART, status: fault?.status ?? 200 },
    <>
      <MoveForm
        visitor={visitor}
        action={settingsPath(repository, PART)}
        namespaces={[...new Set([repository.namespace, ...names])]}
        values={values}
        fault={fault}
      />
      <h2>Former names</h2>
      <FormerNames visitor={visitor} repository={repository} aliases={aliases} />
    </>,
  );
}

export const getMove = ofSettings<'member'>((ctx, { caller }, repository) => show(ctx, caller, repository));

export const postMove = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const values = { namespace: caller.form.text('to_namespace'), name: caller.form.text('to_name') };
  const { fault } = await attempt(() => naming(() => moveRepository(ctx, repository, values), 'namespace'));
  if (fault !== undefined) return show(ctx, caller, repository, { values, fault });
  return redirect(caller, repositoryPath(values), { notice: `The repository is now ${displayName(values)}.` });
});

export const postAliasRemoval = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const { form } = caller;
  const { fault } = await attempt(() =>
    naming(async () => {
      const alias = parseRepositoryName(form.text('alias_namespace'), form.text('alias_name'));
      if (alias === undefined) throw new AppError('invalid', 'This is not a valid repository name');
      await removeAlias(ctx, repository, alias);
    }),
  );
  const text = fault?.text ?? 'The former name was released. Pulls by it no longer work.';
  const notice = { text, kind: fault === undefined ? 'done' : 'problem' } as const;
  return redirect(caller, settingsPath(repository, PART), { notice });
});
