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
import type { Form as SentForm } from '../../form';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';

/** The fields of a new repository, as they were typed. */
export interface NewValues {
  readonly namespace: string;
  readonly name: string;
  readonly description: string;
  /** the choice in the form that was sent; undefined: the default of the namespace */
  readonly visibility?: string;
}

/** What the fields of a new repository need to know. */
export interface CreationPlace {
  readonly namespaces: readonly OwnNamespace[];
  /** of the namespace that is chosen */
  readonly settings: NamespaceSettings;
  readonly nameHint: string;
}

/**
 * Reads what the fields of a new repository need to know.
 *
 * @throws AppError `forbidden` if the visitor cannot create repositories
 */
export async function creationPlace(ctx: Context, visitor: Visitor, namespace: string): Promise<CreationPlace> {
  const namespaces = (await listOwnNamespaces(ctx, visitor.actor)).filter(({ canCreate }) => canCreate);
  const chosen = namespaces.find(({ name }) => name === namespace) ?? namespaces[0];
  if (chosen === undefined) throw new AppError('forbidden', 'You cannot create repositories');
  const { min, max } = lengthsOfNames(ctx.settings.hubLimits);
  return {
    namespaces,
    settings: await getNamespaceSettings(ctx, visitor.actor, chosen.name),
    nameHint: `${min} to ${max} lowercase letters, digits, dots, hyphens and underscores, starting with a letter or digit.`,
  };
}

/** The fields of a new repository. */
export function NewFields({
  place: { namespaces, settings, nameHint },
  values,
}: {
  readonly place: CreationPlace;
  readonly values: NewValues;
}): View {
  return (
    <>
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
    </>
  );
}

async function show(
  ctx: Context,
  visitor: Visitor,
  values: NewValues,
  { fault }: { fault?: Fault } = {},
): Promise<Reply> {
  const place = await creationPlace(ctx, visitor, values.namespace);
  return page(
    visitor,
    { title: 'Create a repository', section: 'dashboard', status: fault?.status ?? 200, isNarrow: true },
    <>
      <Heading
        title="Create a repository"
        subtitle="A push also creates a repository; here you can choose who can see it first."
      />
      <p>
        <a href={`/repository/add/automated/?namespace=${place.settings.name}`}>Build it from a git repository</a>{' '}
        instead of pushing to it.
      </p>
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault} action="/repository/add/" class="panel">
        <NewFields place={place} values={values} />
        <Actions>
          <button type="submit">Create</button>
        </Actions>
      </Form>
    </>,
  );
}

/** The fields before anything is typed; links may propose a namespace and a name. */
export function proposedIn(query: URLSearchParams): NewValues {
  return { namespace: query.get('namespace') ?? '', name: query.get('name') ?? '', description: '' };
}

/** Reads the fields of a new repository. */
export function newValuesIn(form: SentForm): NewValues & { readonly visibility: string } {
  return {
    namespace: form.text('namespace'),
    name: form.text('name'),
    description: form.text('description'),
    visibility: form.text('visibility'),
  };
}

export const getCreate: WebHandler<'member'> = (ctx, { caller, query }) => show(ctx, caller, proposedIn(query));

export const postCreate: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { actor, form } = caller;
  const values = newValuesIn(form);
  const { namespace, name, description } = values;
  const made = { namespace, name };
  const { fault } = await attempt(() =>
    createDescribedRepository(ctx, actor, made, { description, visibility: visibilityIn(form) }),
  );
  if (fault !== undefined) return show(ctx, caller, values, { fault });
  return redirect(caller, repositoryPath(made), { notice: `${displayName(made)} was created. Push an image to it.` });
};
