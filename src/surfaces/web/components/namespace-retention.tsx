import type { Context } from '../../../context';
import {
  getNamespaceRetention,
  previewNamespace,
  removeNamespaceRetention,
  setNamespaceRetention,
  type RepositoryFate,
} from '../../../features/retention/namespace-policies';
import { rulesText } from '../../../features/retention/reasons';
import { checkRules } from '../../../features/retention/rules';
import type { Reply } from '../../../platform/http/exchange';
import type { WebExchange } from '../access';
import { attempt, naming, type Fault } from '../problems';
import { redirect } from '../reply';
import { repositoryPath } from '../repository-path';
import { assertVersion, VERSION } from '../version';
import type { View } from '../view';
import type { Visitor } from '../visitor';
import { ActButton } from './buttons';
import { Panel, Table } from './page-parts';
import { pageAsked, Paging } from './paging';
import { formatCount } from './quantities';
import {
  RetentionForm,
  retentionVersion,
  rulesIn,
  typedFrom,
  typedIn,
  versionFor,
  type TypedRules,
} from './retention-form';
import { queryOf, triedIn } from './retention-query';

/* The policy of a namespace: the same page for an organization and for the visitor's own account. */

/** The page of a namespace's policy. */
export interface NamespacePlace {
  readonly namespace: string;
  /** of the page */
  readonly path: string;
  /** The page with this content. */
  readonly show: (content: View, fault: Fault | undefined) => Reply;
}

interface Shown {
  readonly typed?: TypedRules;
  readonly version?: string;
  readonly fault?: Fault | undefined;
}

function Repositories(props: {
  readonly repositories: readonly RepositoryFate[];
  /** whether the namespace has a policy, or one is tried */
  readonly hasPolicy: boolean;
}): View {
  const shared = props.hasPolicy ? 'of the namespace' : 'none';
  return (
    <Table
      caption="What a run would do in each repository"
      head={['Repository', 'Policy', 'Would delete', 'Would keep']}
      numbers={[2, 3]}
    >
      {props.repositories.map((fate) => (
        <tr>
          <td>
            <a href={repositoryPath(fate, 'settings/retention/')}>{fate.name}</a>
          </td>
          <td>{fate.hasOwnPolicy ? 'its own' : shared}</td>
          <td class="number">{formatCount(fate.deleted)}</td>
          <td class="number">{formatCount(fate.kept)}</td>
        </tr>
      ))}
    </Table>
  );
}

/** Shows the policy of a namespace, and what a run would do in each of its repositories. */
export async function showNamespaceRetention(
  ctx: Context,
  visitor: Visitor,
  query: URLSearchParams,
  place: NamespacePlace,
  shown: Shown = {},
): Promise<Reply> {
  const { namespace, path } = place;
  const applied = await getNamespaceRetention(ctx, visitor.actor, namespace);
  const tried = shown.typed ?? triedIn(query);
  const asked = pageAsked(query);
  const rules = tried === undefined ? undefined : rulesIn(tried);
  const { done, fault: found } = await attempt(() =>
    previewNamespace(ctx, visitor.actor, { name: namespace, rules }, asked),
  );
  const fault = shown.fault ?? found;
  const { policy } = applied;
  const { typed = tried ?? typedFrom(policy), version = retentionVersion(applied) } = shown;
  const view = (
    <>
      <Panel title="Retention">
        <p>
          A tag stays if one of these rules keeps it. A run every night deletes all others, except <code>latest</code>,
          immutable tags, and tags of the last hour. Repositories with their own policy are left alone.
        </p>
        <p>{policy === undefined ? 'No policy applies: all tags stay.' : `Saved now: ${rulesText(policy)}`}</p>
        <RetentionForm visitor={visitor} typed={typed} version={version} fault={fault} />
        {policy !== undefined && (
          <ActButton visitor={visitor} action={`${path}remove/`} class="quiet">
            Remove this policy
          </ActButton>
        )}
      </Panel>
      {done !== undefined && (
        <Panel title="Dry run">
          {rules !== undefined && <p>With the rules above, which are not saved:</p>}
          <Repositories repositories={done.repositories} hasPolicy={policy !== undefined || rules !== undefined} />
          <Paging asked={asked} total={done.total} path={path} query={rules === undefined ? {} : queryOf(rules)} />
        </Panel>
      )}
    </>
  );
  return place.show(view, fault);
}

/** Saves or tries the policy of a namespace. */
export async function postNamespaceRetention(
  ctx: Context,
  { caller, query }: WebExchange<'member-form'>,
  place: NamespacePlace,
): Promise<Reply> {
  const { namespace: name, path } = place;
  const { form } = caller;
  const typed = typedIn(form);
  const isTrial = form.text('step') === 'try';
  const { done: rules, fault } = await attempt(async () => {
    const checked = checkRules(rulesIn(typed));
    if (isTrial) return checked;
    await setNamespaceRetention(ctx, caller.actor, { name, rules: checked }, (now) =>
      assertVersion(form, versionFor(now)),
    );
    return checked;
  });
  if (fault !== undefined) {
    const kept = fault.status === 409 ? {} : { version: form.text(VERSION) };
    return showNamespaceRetention(ctx, caller, query, place, { typed, fault, ...kept });
  }
  if (isTrial) return redirect(caller, `${path}?${new URLSearchParams(queryOf(rules)).toString()}`);
  return redirect(caller, path, { notice: `Policy saved. ${rulesText(rules)}` });
}

/** Removes the policy of a namespace. */
export async function postNamespaceRetentionRemoval(
  ctx: Context,
  { caller }: WebExchange<'member-form'>,
  { namespace, path }: Pick<NamespacePlace, 'namespace' | 'path'>,
): Promise<Reply> {
  const { fault } = await attempt(() => naming(() => removeNamespaceRetention(ctx, caller.actor, namespace)));
  if (fault !== undefined) return redirect(caller, path, { notice: { text: fault.text, kind: 'problem' } });
  return redirect(caller, path, { notice: 'The policy was removed.' });
}
