import { listOwnNamespaces, type OwnNamespace } from '../../../../features/namespaces/own-namespaces';
import { getNamespaceSettings } from '../../../../features/namespaces/settings';
import { repositoriesOf } from '../../../../features/search/cards';
import { AppError } from '../../../../platform/errors';
import type { WebHandler } from '../../access';
import { Field, Select } from '../../components/forms';
import { Empty, Panel } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { RepositoryList } from '../../components/repository-list';
import { SlotsUsed } from '../../components/visibility-choice';
import { page } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { PushSteps } from '../public/engine-commands';
import { DashboardFrame } from './dashboard-frame';

const PATH = '/dashboard/';

function Filters({
  namespaces,
  chosen,
  text,
}: {
  readonly namespaces: readonly OwnNamespace[];
  readonly chosen: OwnNamespace;
  readonly text: string;
}): View {
  return (
    <form class="filters" action={PATH} role="search" aria-label="Your repositories">
      <Select
        label="Namespace"
        name="namespace"
        value={chosen.name}
        options={namespaces.map(({ name, kind }) => ({
          value: name,
          label: kind === 'organization' ? `${name} (organization)` : name,
        }))}
      />
      <Field label="Filter by name" name="text" type="search" value={text} maxlength={255} />
      <button type="submit" class="quiet">
        Filter
      </button>
    </form>
  );
}

interface NothingProps {
  readonly visitor: Visitor;
  readonly namespace: OwnNamespace;
  readonly text: string;
}

function NothingThere({ visitor, namespace, text }: NothingProps): View {
  const { name, canCreate, kind } = namespace;
  if (text !== '') {
    return (
      <Empty title={`No matching repositories in ${name}`}>
        <p>
          Try a shorter part of the name, or <a href={`${PATH}?namespace=${name}`}>show all</a>.
        </p>
      </Empty>
    );
  }
  if (kind === 'user') {
    return (
      <Panel title="You have no repositories yet. Push your first image:">
        <PushSteps visitor={visitor} />
        <p>
          A push creates the repository. To choose first who can see it, <a href="/repository/add/">create it here</a>.
          The engine refuses? <a href="/start/">See what each engine needs</a>
        </p>
      </Panel>
    );
  }
  return (
    <Empty title={`${name} has no repositories yet`}>
      <p>
        {canCreate ? (
          <>
            <a href={`/repository/add/?namespace=${name}`}>Create one</a>, or push one:{' '}
            <a href="/start/">Get started</a> shows how.
          </>
        ) : (
          `Owners of ${name} give your teams access to repositories.`
        )}
      </p>
    </Empty>
  );
}

/** The repositories of one of the namespaces in which the member works. */
export const getDashboard: WebHandler<'member'> = async (ctx, { caller, query }) => {
  const { actor } = caller;
  const namespaces = await listOwnNamespaces(ctx, actor);
  const wanted = query.get('namespace') ?? namespaces[0]?.name;
  const chosen = namespaces.find(({ name }) => name === wanted);
  if (chosen === undefined) throw new AppError('not_found', 'You do not own this namespace');
  const text = (query.get('text') ?? '').trim();
  const asked = pageAsked(query);
  const settings = await getNamespaceSettings(ctx, actor, chosen.name);
  const found = await repositoriesOf(ctx, actor, chosen.name, { ...asked, ...(text === '' ? {} : { text }) });
  const { total, repositories } = found;
  return page(
    caller,
    { title: 'Dashboard', section: 'dashboard' },
    <DashboardFrame current={PATH} createIn={chosen.canCreate ? chosen.name : undefined}>
      <Filters namespaces={namespaces} chosen={chosen} text={text} />
      <h2 class="unseen">Repositories of {chosen.name}</h2>
      {repositories.length === 0 ? (
        <NothingThere visitor={caller} namespace={chosen} text={text} />
      ) : (
        <RepositoryList repositories={repositories} label={`Repositories of ${chosen.name}`} />
      )}
      <Paging asked={asked} total={total} path={PATH} query={{ namespace: chosen.name, text }} />
      <SlotsUsed settings={settings} />
    </DashboardFrame>,
  );
};
