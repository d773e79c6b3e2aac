import type { Context } from '../../../../context';
import { createLinkedRepository } from '../../../../features/builds/linked/linked-source';
import type { NewBuildSource } from '../../../../features/builds/sources';
import { listOwnNamespaces } from '../../../../features/namespaces/own-namespaces';
import { getNamespaceSettings } from '../../../../features/namespaces/settings';
import { displayName } from '../../../../features/repositories/names';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { Actions, Checkbox, Field, Form, Problem, Select } from '../../components/forms';
import { CopyLine, Panel } from '../../components/page-parts';
import { VisibilityChoice, visibilityIn } from '../../components/visibility-choice';
import { faultOf, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { repositoryPath } from '../../repository-path';
import { accountPage, usernameOf } from './frame';
import { LINKED } from './linked';
import { accountAt } from './linked-repositories';

/* From a repository at a provider to an automated repository here. */

interface Values {
  /** at the provider */
  readonly repository: string;
  readonly namespace: string;
  readonly name: string;
  readonly visibility: string | undefined;
  readonly syncsDescription: boolean;
}

/** A name like that of the repository at the provider. */
function proposed(fullName: string): string {
  return (fullName.split('/').at(-1) ?? '').toLowerCase().replaceAll(/[^a-z0-9._-]+/g, '-');
}

async function show(
  ctx: Context,
  member: Member,
  provider: string | undefined,
  values: Values,
  fault?: Fault,
): Promise<Reply> {
  const account = await accountAt(ctx, member, provider);
  const namespaces = (await listOwnNamespaces(ctx, member.actor)).filter(({ canCreate }) => canCreate);
  const chosen = namespaces.find(({ name }) => name === values.namespace) ?? namespaces[0];
  if (chosen === undefined) throw new AppError('forbidden', 'You cannot create repositories');
  const settings = await getNamespaceSettings(ctx, member.actor, chosen.name);
  const content = (
    <>
      <p>
        Each push to the default branch of <strong>{values.repository}</strong> builds the Dockerfile there, and the
        image becomes the tag latest. Rules for other branches and tags can be added afterwards.
      </p>
      <Problem fault={fault} />
      <Form visitor={member} fault={fault} class="panel">
        <input type="hidden" name="repository" value={values.repository} />
        <Select
          label="Namespace"
          name="namespace"
          value={settings.name}
          options={namespaces.map(({ name }) => ({ value: name, label: name }))}
        />
        <Field label="Name" name="name" value={values.name} required maxlength={255} />
        <VisibilityChoice value={values.visibility ?? settings.defaultVisibility} settings={settings} />
        <Checkbox
          label="Use its README as the description"
          name="sync"
          checked={values.syncsDescription}
          hint="Each build replaces the description by the README next to the Dockerfile."
        />
        <Actions>
          <button type="submit">Create automated repository</button>
          <a href={`${LINKED}${account.provider}/`}>Cancel</a>
        </Actions>
      </Form>
    </>
  );
  const more = { status: fault?.status ?? 200, headers: fault?.headers ?? {}, title: 'Build a repository' };
  return accountPage(member, LINKED, content, more);
}

export const getLinkedBuild: WebHandler<'member'> = (ctx, { caller, params, query }) => {
  const repository = query.get('repository') ?? '';
  const values = { repository, namespace: '', name: proposed(repository), visibility: undefined };
  return show(ctx, caller, params['provider'], { ...values, syncsDescription: false });
};

/** With limited access, the user adds the hook; its secret is shown only now. */
function byHand(member: Member, name: string, path: string, source: NewBuildSource): Reply {
  const content = (
    <Panel title={`${name} was created`}>
      <p>
        The linked account has limited access. Add this hook in the settings of {source.linked?.fullName}, for pushes,
        as JSON. The secret is not shown again.
      </p>
      <CopyLine text={source.hookUrl} label="URL of the hook" />
      <CopyLine text={source.hookSecret} label="Secret of the hook" />
      <p>
        <a href={path}>Continue to {name}</a>
      </p>
    </Panel>
  );
  return accountPage(member, LINKED, content, { title: 'Add the hook' });
}

export const postLinkedBuild: WebHandler<'member-form'> = async (ctx, { caller, params }) => {
  const { form, actor } = caller;
  const values: Values = {
    repository: form.text('repository'),
    namespace: form.text('namespace'),
    name: form.text('name'),
    visibility: form.optional('visibility'),
    syncsDescription: form.isOn('sync'),
  };
  const account = await accountAt(ctx, caller, params['provider']);
  const { namespace, name, repository: fullName, syncsDescription } = values;
  const made = { namespace, name };
  try {
    const of = { username: usernameOf(caller), id: account.id };
    const source = await createLinkedRepository(ctx, actor, made, {
      visibility: visibilityIn(form),
      source: { account: of, fullName, syncsDescription },
    });
    const path = `${repositoryPath(made)}builds/`;
    if (source.linked?.state === 'by_hand') return byHand(caller, displayName(made), path, source);
    return redirect(caller, path, {
      notice: `${displayName(made)} is built from ${fullName}. Its hook is being added.`,
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return show(ctx, caller, params['provider'], values, faultOf(error));
  }
};
