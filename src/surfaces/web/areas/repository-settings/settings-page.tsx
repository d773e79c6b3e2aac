import type { Context } from '../../../../context';
import type { RepositoryName } from '../../../../features/access/actor';
import {
  administeredIn,
  assertDeletable,
  type AdministeredRepository,
  type DeletableRepository,
} from '../../../../features/repositories/access';
import { getVisible } from '../../../../features/repositories/get-repository';
import { displayName, sameRepository } from '../../../../features/repositories/names';
import { getRepositoryDetails, type RepositoryDetails } from '../../../../features/repositories/repository-details';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { Sidebar } from '../../components/page-parts';
import { RepositoryFrame } from '../../components/repository-frame';
import { page, redirect } from '../../reply';
import { nameAsked, repositoryPath } from '../../repository-path';
import type { Children } from '../../view';
import type { Visitor } from '../../visitor';

const PAGES = [
  ['', 'General'],
  ['collaborators/', 'Collaborators'],
  ['teams/', 'Teams'],
  ['tags/', 'Immutable tags'],
  ['retention/', 'Retention'],
  ['webhooks/', 'Webhooks'],
  ['builds/', 'Automated builds'],
  ['move/', 'Rename or transfer'],
  ['delete/', 'Delete'],
] as const;

/** A page of the settings: the part of the path after `settings/`. */
export type SettingsPart = (typeof PAGES)[number][0];

/** The path of a page of a repository's settings. */
export function settingsPath(repository: RepositoryName, rest = ''): string {
  return repositoryPath(repository, `settings/${rest}`);
}

/** A repository that the visitor administers, with its details. */
export type AdministeredDetails = AdministeredRepository & RepositoryDetails;

type Show<A extends 'member' | 'member-form', R> = (
  ctx: Context,
  exchange: WebExchange<A>,
  repository: R,
) => Promise<Reply> | Reply;

/**
 * The repository of a page or form of the settings, or a redirection. A former name redirects to the settings of the
 * present one: a change never works by a former name.
 */
async function settingsAsked(
  ctx: Context,
  { caller, params }: { readonly caller: Visitor; readonly params: Readonly<Record<string, string>> },
): Promise<{ repository: DeletableRepository; reply?: undefined } | { repository?: undefined; reply: Reply }> {
  const name = nameAsked(params);
  const visible = await getVisible(ctx, caller.actor, name, { followsAliases: true });
  if (sameRepository(visible, name)) return { repository: assertDeletable(visible.access) };
  const notice = `${displayName(name)} is now ${displayName(visible)}. These are its settings.`;
  return { reply: redirect(caller, settingsPath(visible), { notice }) };
}

/**
 * A page or form of a repository's settings, for its administrators. During the deletion of the repository, only the
 * page that ends it exists.
 *
 * @param show - writes the page
 */
export function ofSettings<A extends 'member' | 'member-form'>(show: Show<A, AdministeredDetails>): WebHandler<A> {
  return async (ctx, exchange) => {
    const { caller }: { caller: Visitor } = exchange;
    const { repository, reply } = await settingsAsked(ctx, exchange);
    if (repository === undefined) return reply;
    const administered = administeredIn(repository.access);
    if (administered !== undefined) return show(ctx, exchange, await getRepositoryDetails(ctx, administered));
    const notice = `${displayName(repository)} is being deleted.`;
    return redirect(caller, settingsPath(repository, 'delete/'), { notice });
  };
}

/** The page or form that deletes a repository, or ends its deletion. */
export function ofDeletion<A extends 'member' | 'member-form'>(
  show: Show<A, DeletableRepository & RepositoryDetails>,
): WebHandler<A> {
  return async (ctx, exchange) => {
    const { repository, reply } = await settingsAsked(ctx, exchange);
    return repository === undefined ? reply : show(ctx, exchange, await getRepositoryDetails(ctx, repository));
  };
}

/**
 * The whole page.
 *
 * @param parts.current - the page of the settings to which it belongs
 */
export function settingsPage(
  visitor: Visitor,
  repository: RepositoryDetails,
  { title, current, status = 200 }: { title: string; current: SettingsPart; status?: number },
  content: Children,
): Reply {
  return page(
    visitor,
    { title: `${title} · ${displayName(repository)}`, status },
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
