import type { Context } from '../../../context';
import {
  getNamespaceRetention,
  previewNamespace,
  removeNamespaceRetention,
  setNamespaceRetention,
  type RepositoryFate,
} from '../../../features/retention/namespace-policies';
import { rulesText } from '../../../features/retention/reasons';
import type { Reply } from '../../../platform/http/exchange';
import type { WebExchange } from '../access';
import { attempt, type Fault } from '../problems';
import { repositoryPath } from '../repository-path';
import type { View } from '../view';
import type { Visitor } from '../visitor';
import { ActButton } from './buttons';
import { Panel, Table } from './page-parts';
import { pageAsked, Paging } from './paging';
import { formatCount } from './quantities';
import { RetentionForm, retentionVersion, rulesIn, typedFrom } from './retention-form';
import { postRemoval, postRules, type ShownRules } from './retention-post';
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
  shown: ShownRules = {},
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
  exchange: WebExchange<'member-form'>,
  place: NamespacePlace,
): Promise<Reply> {
  const { caller, query } = exchange;
  const { namespace: name, path } = place;
  return postRules(exchange, {
    path,
    save: (rules, assertCurrent) => setNamespaceRetention(ctx, caller.actor, { name, rules }, assertCurrent),
    show: (shown) => showNamespaceRetention(ctx, caller, query, place, shown),
  });
}

/** Removes the policy of a namespace. */
export async function postNamespaceRetentionRemoval(
  ctx: Context,
  exchange: WebExchange<'member-form'>,
  { namespace, path }: Pick<NamespacePlace, 'namespace' | 'path'>,
): Promise<Reply> {
  return postRemoval(exchange, path, () => removeNamespaceRetention(ctx, exchange.caller.actor, namespace));
}
