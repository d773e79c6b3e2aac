import type { Context } from '../../../../context';
import { getNamespaceSettings, type NamespaceSettings } from '../../../../features/namespaces/settings';
import { getRepositoryDetails, type RepositoryDetails } from '../../../../features/repositories/repository-details';
import { changeSettings } from '../../../../features/repositories/repository-settings';
import type { Reply } from '../../../../platform/http/exchange';
import { Actions, Field, Form, Problem, TextArea } from '../../components/forms';
import { PREVIEW, PreviewButton, PreviewPlace } from '../../components/markdown-area';
import { Panel } from '../../components/page-parts';
import { VisibilityChoice, visibilityIn } from '../../components/visibility-choice';
import type { Rendered } from '../../markdown';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { assertVersion, VERSION, versionOf } from '../../version';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { writtenText } from '../../written-text';
import { ofSettings, settingsPage, settingsPath } from './settings-page';

/** The values of the form; `visibility` as it was sent, which may be invalid. */
interface Values {
  readonly description: string;
  readonly fullDescription: string;
  readonly visibility: string;
}

function valuesOf({ description, fullDescription, visibility }: RepositoryDetails): Values {
  return { description, fullDescription, visibility };
}

const LABELS = [
  ['description', 'Short description'],
  ['fullDescription', 'Full description'],
  ['visibility', 'Visibility'],
] as const;

function SavedNow({ saved, typed }: { readonly saved: Values; readonly typed: Values }): View {
  return (
    <Panel title="Saved now">
      <dl class="pairs">
        {LABELS.filter(([field]) => saved[field] !== typed[field]).map(([field, label]) => (
          <>
            <dt>{label}</dt>
            <dd>{saved[field] === '' ? <em>empty</em> : <span class="as-typed">{saved[field]}</span>}</dd>
          </>
        ))}
      </dl>
    </Panel>
  );
}

function GeneralForm(props: {
  readonly visitor: Visitor;
  readonly values: Values;
  readonly version: string;
  readonly namespace: NamespaceSettings;
  readonly preview: Rendered | undefined;
  readonly fault?: Fault | undefined;
}): View {
  const { visitor, values, version, namespace, preview, fault } = props;
  return (
    <Panel title="General">
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault}>
        <input type="hidden" name={VERSION} value={version} />
        <Field
          label="Short description"
          name="description"
          value={values.description}
          maxlength={100}
          hint="One line of up to 100 characters. Lists and docker search show it."
        />
        <TextArea
          label="Full description"
          name="full_description"
          value={values.fullDescription}
          rows={14}
          hint="Markdown, up to 64 KiB: headings (#), lists (-), tasks (- [x]), links, tables and code. Images become links, because loading them would tell other servers who reads the page."
        />
        <PreviewPlace text={preview} />
        <VisibilityChoice value={values.visibility} settings={namespace} />
        <Actions>
          <button type="submit">Save</button>
          <PreviewButton field="full_description" kind="readme" />
        </Actions>
      </Form>
    </Panel>
  );
}

async function show(
  ctx: Context,
  visitor: Visitor,
  repository: RepositoryDetails,
  options: { values: Values; version: string; saved?: Values; preview?: Rendered; fault?: Fault },
): Promise<Reply> {
  const { values, version, saved, preview, fault } = options;
  const namespace = await getNamespaceSettings(ctx, visitor.actor, repository.namespace);
  return settingsPage(
    visitor,
    repository,
    { title: 'Settings', current: '', status: fault?.status ?? 200 },
    <>
      <GeneralForm visitor={visitor} {...{ values, version, namespace, preview, fault }} />
      {saved !== undefined && <SavedNow saved={saved} typed={values} />}
    </>,
  );
}

export const getGeneral = ofSettings<'member'>((ctx, { caller }, repository) => {
  const values = valuesOf(repository);
  return show(ctx, caller, repository, { values, version: versionOf(values) });
});

export const postGeneral = ofSettings<'member-form'>(async (ctx, { caller, signal }, repository) => {
  const { actor, form } = caller;
  const values: Values = {
    description: form.text('description'),
    fullDescription: form.lines('full_description'),
    visibility: form.text('visibility'),
  };
  if (form.isOn(PREVIEW)) {
    const preview = await writtenText(ctx, { actor, signal }, { text: values.fullDescription, kind: 'readme' });
    return show(ctx, caller, repository, { values, version: form.text(VERSION), preview });
  }
  const { fault } = await attempt(() => {
    const changes = { ...values, visibility: visibilityIn(form) };
    return changeSettings(ctx, repository, changes, (current) => assertVersion(form, valuesOf(current)));
  });
  if (fault === undefined) return redirect(caller, settingsPath(repository), { notice: 'Settings saved.' });
  if (fault.status !== 409) {
    return show(ctx, caller, repository, { values, version: form.text(VERSION), fault });
  }
  // The form now shows the present values, so sending it again may overwrite them.
  const current = await getRepositoryDetails(ctx, repository);
  const saved = valuesOf(current);
  return show(ctx, caller, current, { values, version: versionOf(saved), saved, fault });
});
