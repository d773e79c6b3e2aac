import type { RepositoryName } from '../../../../features/access/actor';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import type { Reply } from '../../../../platform/http/exchange';
import { Choices } from '../../components/choices';
import { Empty } from '../../components/page-parts';
import type { Children, View } from '../../view';
import type { Visitor } from '../../visitor';
import { settingsPage, settingsPath } from '../repository-settings/settings-page';

const PARTS = [
  ['', 'Source'],
  ['rules/', 'Build rules'],
  ['triggers/', 'Triggers'],
] as const;

/** A page of the settings of builds: the part of the path after `settings/builds/`. */
export type BuildSettingsPart = (typeof PARTS)[number][0];

/** The path of a page or form of the settings of builds. */
export function buildSettingsPath(repository: RepositoryName, rest = ''): string {
  return settingsPath(repository, `builds/${rest}`);
}

/** What stands on a page about a source, as long as there is none. */
export function NoSourceYet({ repository }: { readonly repository: RepositoryDetails }): View {
  return (
    <Empty title="This repository is not an automated one">
      <p>
        First <a href={buildSettingsPath(repository)}>say where it is built from</a>.
      </p>
    </Empty>
  );
}

/** A whole page. */
export function buildSettingsPage(
  visitor: Visitor,
  repository: RepositoryDetails,
  { title, current, status = 200 }: { title: string; current: BuildSettingsPart; status?: number },
  content: Children,
): Reply {
  return settingsPage(
    visitor,
    repository,
    { title, current: 'builds/', status },
    <>
      <Choices
        label="Automated builds"
        items={PARTS.map(([rest, text]) => ({ href: buildSettingsPath(repository, rest), text }))}
        current={buildSettingsPath(repository, current)}
      />
      {content}
    </>,
  );
}
