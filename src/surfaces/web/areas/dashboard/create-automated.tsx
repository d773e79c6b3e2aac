import type { Context } from '../../../../context';
import { listProviders } from '../../../../features/builds/linked/linked-accounts';
import { createAutomatedRepository } from '../../../../features/builds/sources';
import { displayName } from '../../../../features/repositories/names';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebHandler } from '../../access';
import { Actions, Form, Problem } from '../../components/forms';
import { Heading } from '../../components/page-parts';
import { visibilityIn } from '../../components/visibility-choice';
import { attempt, type Fault } from '../../problems';
import { page } from '../../reply';
import type { Visitor } from '../../visitor';
import { CreatedSource } from '../build-settings/hook-panel';
import { FIRST_RULE, RuleFields, ruleIn, typedRule, type TypedRule } from '../build-settings/rule-fields';
import {
  NEW_SOURCE,
  RightsOfBuilds,
  SourceFields,
  sourceIn,
  typedSource,
  type TypedSource,
} from '../build-settings/source-fields';
import { creationPlace, NewFields, newValuesIn, proposedIn, type NewValues } from './create';

const PATH = '/repository/add/automated/';

interface Shown {
  readonly values: NewValues;
  readonly source?: TypedSource;
  readonly rule?: TypedRule;
  readonly fault?: Fault;
}

async function show(
  ctx: Context,
  visitor: Visitor,
  { values, source = NEW_SOURCE, rule = FIRST_RULE, fault }: Shown,
): Promise<Reply> {
  const place = await creationPlace(ctx, visitor, values.namespace);
  return page(
    visitor,
    { title: 'Create an automated repository', section: 'dashboard', status: fault?.status ?? 200, isNarrow: true },
    <>
      <Heading
        title="Create an automated repository"
        subtitle="Each push to a git repository builds the Dockerfile there."
      />
      {listProviders(ctx).length > 0 && (
        <p>
          If the git repository is at a provider, <a href="/account/linked/">choose it from a linked account</a>: its
          hook is then added for you.
        </p>
      )}
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault} action={PATH} class="panel">
        <NewFields place={place} values={values} />
        <h2>Source</h2>
        <RightsOfBuilds />
        <SourceFields typed={source} isNew={true} />
        <h2>The first build rule</h2>
        <RuleFields typed={rule} />
        <Actions>
          <button type="submit">Create</button>
        </Actions>
      </Form>
    </>,
  );
}

export const getCreateAutomated: WebHandler<'member'> = (ctx, { caller, query }) =>
  show(ctx, caller, { values: proposedIn(query) });

/** Creates a repository with its source; only this answer shows the secret of its hooks. */
export const postCreateAutomated: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { actor, form } = caller;
  const values = newValuesIn(form);
  const { namespace, name, description } = values;
  const rule = typedRule(form);
  const { done, fault } = await attempt(async () => {
    const source = { ...sourceIn(form), rules: [ruleIn(rule)] };
    const wanted = { description, visibility: visibilityIn(form), source };
    return createAutomatedRepository(ctx, actor, { namespace, name }, wanted);
  });
  if (fault !== undefined) return show(ctx, caller, { values, source: typedSource(form), rule, fault });
  const created = { namespace, name };
  return page(
    caller,
    { title: `${displayName(created)} was created`, section: 'dashboard', isNarrow: true },
    <>
      <Heading title={`${displayName(created)} was created`} />
      <CreatedSource repository={created} source={done} />
    </>,
  );
};
