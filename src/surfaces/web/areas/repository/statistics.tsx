import { displayName } from '../../../../features/repositories/names';
import { administeredIn } from '../../../../features/repositories/access';
import { getActivityTotals, listLastDays, reportEngines } from '../../../../features/statistics/statistics';
import { Choices } from '../../components/choices';
import { formatCount, plural } from '../../components/quantities';
import { Panel } from '../../components/page-parts';
import { RepositoryFrame } from '../../components/repository-frame';
import { page } from '../../reply';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import { DayTable, PullChart } from './pull-chart';
import { firstOverV2 } from './engine-generations';
import { FleetReport } from './fleet-report';
import { repositoryPage } from './repository-page';

const SPANS = [30, 90] as const;

function Spans({ path, days }: { readonly path: string; readonly days: number }): View {
  const items = SPANS.map((span) => ({ href: `${path}?days=${span}`, text: `${span} days` }));
  return <Choices label="Days shown" items={items} current={`${path}?days=${days}`} />;
}

/** The pulls of a repository; for its administrators also by engine. */
export const getStatistics = repositoryPage<'anyone'>(async (ctx, { caller, query }, repository) => {
  const days = query.get('days') === '90' ? 90 : 30;
  const activity = await listLastDays(ctx, repository, days);
  const totals = await getActivityTotals(ctx, repository);
  const administered = administeredIn(repository.access);
  const engines = administered && (await reportEngines(ctx, administered, days));
  const pulls = activity.reduce((sum, day) => sum + day.pulls, 0);
  return page(
    caller,
    { title: `Pulls of ${displayName(repository)}` },
    <RepositoryFrame visitor={caller} repository={repository} current="statistics/">
      <Spans path={repositoryPath(repository, 'statistics/')} days={days} />
      <Panel title="Pulls per day">
        <p>
          <strong>{plural(pulls, 'pull')}</strong> in the last {days} days, {formatCount(totals.pulls)} in total. Days
          end at midnight UTC.
        </p>
        <PullChart activity={activity} />
        <DayTable activity={activity} />
      </Panel>
      {engines !== undefined && (
        <FleetReport engines={engines} days={days} firstOverV2={firstOverV2(ctx.settings.v2Engines)} />
      )}
    </RepositoryFrame>,
  );
});
