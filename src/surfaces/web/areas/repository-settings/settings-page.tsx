import type { Context } from '../../../../context';
import { getDeletable } from '../../../../features/repositories/administered';
import { parseRepositoryName, sameRepository } from '../../../../features/repositories/names';
import { getRepositoryDetails, type RepositoryDetails } from '../../../../features/repositories/repository-details';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { Sidebar } from '../../components/page-parts';
import { RepositoryFrame } from '../../components/repository-frame';
import { page, redirect } from '../../reply';
import { repositoryPath, shortName } from '../../repository-path';
import type { Children } from '../../view';
import type { Visitor } from '../../visitor';

const PAGES = [
  ['', 'General'],
  ['collaborators/', 'Collaborators'],
  ['teams/', 'Teams'],
  ['tags/', 'Immutable tags'],
  ['webhooks/', 'Webhooks'],
  ['move/', 'Rename or transfer'],
  ['delete/', 'Delete'],
] as const;

/** A page of the settings: what follows `settings/` in its address. */
export type SettingsPart = (typeof PAGES)[number][0];

/** Where a page of a repository's settings is. */
export function settingsPath(repository: RepositoryDetails, rest = ''): string {
  return repositoryPath(repository, `settings/${rest}`);
}

/**
 * A page or form of a repository's settings, for whoever administers it. A former name leads to the settings of the
 * present one: nothing is changed by a former name. While the repository is being deleted there is only the page that
 * ends that.
 *
 * @param show - writes the page
 */
export function ofSettings<A extends 'member' | 'member-form'>(
  show: (ctx: Context, exchange: WebExchange<A>, repository: RepositoryDetails) => Promise<Reply> | Reply,
): WebHandler<A> {
  return async (ctx, exchange) => {
    const { caller, params }: { caller: Visitor; params: Readonly<Record<string, string>> } = exchange;
    const name = parseRepositoryName(params['namespace'], params['name'] ?? '');
    if (name === undefined) throw new AppError('not_found', 'Repository not found');
    const repository = await getRepositoryDetails(ctx, caller.actor, name);
    if (!sameRepository(repository, name)) {
      const text = `${shortName(name)} is now ${shortName(repository)}. These are its settings.`;
      return redirect(caller, settingsPath(repository), { notice: text });
    }
    await getDeletable(ctx, caller.actor, name);
    const deletePath = settingsPath(repository, 'delete/');
    if (repository.state === 'deleting' && caller.url.split('?')[0] !== deletePath) {
      return redirect(caller, deletePath, { notice: `${shortName(name)} is being deleted.` });
    }
    return show(ctx, exchange, repository);
  };
}

/**
 * The whole page.
 *
 * @param parts.current - which page of the settings it belongs to
 */
export function settingsPage(
  visitor: Visitor,
  repository: RepositoryDetails,
  { title, current, status = 200 }: { title: string; current: SettingsPart; status?: number },
  content: Children,
): Reply {
  return page(
    visitor,
    { title: `${title} · ${shortName(repository)}`, status },
    <RepositoryFrame visitor={visitor} repository={repository} current="settings/">
      <Sidebar
        label="Settings"
        items={PAGES.map(([rest, text]) => ({ href: settingsPath(repository, rest), text }))}
        current={settingsPath(repository, current)}
      >
        {content}
      </Sidebar>
    </RepositoryFrame>,
  );
}
