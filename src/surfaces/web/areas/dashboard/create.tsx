import type { Context } from '../../../../context';
import { listOwnNamespaces, type OwnNamespace } from '../../../../features/namespaces/own-namespaces';
import { getNamespaceSettings, type NamespaceSettings } from '../../../../features/namespaces/settings';
import { displayName, lengthsOfNames } from '../../../../features/repositories/names';
import { createDescribedRepository } from '../../../../features/repositories/repository-settings';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebHandler } from '../../access';
import { Actions, Field, Form, Problem, Select } from '../../components/forms';
import { Heading } from '../../components/page-parts';
import { VisibilityChoice, visibilityIn } from '../../components/visibility-choice';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';

interface Values {
  readonly namespace: string;
  readonly name: string;
  readonly description: string;
  /** the choice in the form that was sent; undefined: the default of the namespace */
  readonly visibility?: string;
}

function CreateForm(props: {
  readonly visitor: Visitor;
  readonly namespaces: readonly OwnNamespace[];
  readonly settings: NamespaceSettings;
  readonly values: Values;
  readonly nameHint: string;
  readonly fault: Fault | undefined;
}): View {
  const { visitor, namespaces, settings, values, nameHint, fault } = props;
  return (
    <Form visitor={visitor} fault={fault} action="/repository/add/" class="panel">
      <Select
        label="Namespace"
        name="namespace"
        value={settings.name}
        options={namespaces.map(({ name, kind }) => ({
          value: name,
          label: kind === 'user' ? name : `${name} (${kind === 'library' ? 'official' : 'organization'})`,
        }))}
      />
      <Field label="Name" name="name" value={values.name} required maxlength={255} hint={nameHint} />
      <Field
        label="Short description"
        name="description"
        value={values.description}
        maxlength={100}
        hint="Optional. One line of up to 100 characters."
      />
      <VisibilityChoice value={values.visibility ?? settings.defaultVisibility} settings={settings} />
      <Actions>
        <button type="submit">Create</button>
      </Actions>
    </Form>
  );
}

async function show(ctx: Context, visitor: Visitor, values: Values, { fault }: { fault?: Fault } = {}): Promise<Reply> {
  const namespaces = (await listOwnNamespaces(ctx, visitor.actor)).filter(({ canCreate }) => canCreate);
  const chosen = namespaces.find(({ name }) => name === values.namespace) ?? namespaces[0];
  if (chosen === undefined) throw new AppError('forbidden', 'You cannot create repositories');
  const settings = await getNamespaceSettings(ctx, visitor.actor, chosen.name);
  const { min, max } = lengthsOfNames(ctx.settings.hubLimits);
  return page(
    visitor,
    { title: 'Create a repository', section: 'dashboard', status: fault?.status ?? 200, isNarrow: true },
    <>
      <Heading
        title="Create a repository"
        subtitle="A push also creates a repository; here you can choose who can see it first."
      />
      <Problem fault={fault} />
      <CreateForm
        visitor={visitor}
        namespaces={namespaces}
        settings={settings}
        values={values}
        fault={fault}
        nameHint={`${min} to ${max} lowercase letters, digits, dots, hyphens and underscores, starting with a letter or digit.`}
      />
    </>,
  );
}

export const getCreate: WebHandler<'member'> = (ctx, { caller, query }) =>
  show(ctx, caller, { namespace: query.get('namespace') ?? '', name: query.get('name') ?? '', description: '' });

export const postCreate: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { actor, form } = caller;
  const made = { namespace: form.text('namespace'), name: form.text('name') };
  const description = form.text('description');
  const { fault } = await attempt(() =>
    createDescribedRepository(ctx, actor, made, { description, visibility: visibilityIn(form) }),
  );
  if (fault !== undefined) {
    const values = { ...made, description, visibility: form.text('visibility') };
    return show(ctx, caller, values, { fault });
  }
  return redirect(caller, repositoryPath(made), { notice: `${displayName(made)} was created. Push an image to it.` });
};
