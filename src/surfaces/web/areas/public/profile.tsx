import type { Context } from '../../../../context';
import { getProfile } from '../../../../features/accounts/profiles';
import { findRenamedNamespace } from '../../../../features/accounts/retired-names';
import { normalizeUsername } from '../../../../features/accounts/account-rules';
import { listOrganizationMembers, type OrganizationMember } from '../../../../features/namespaces/organizations';
import { SHARED_NAMESPACE } from '../../../../features/repositories/names';
import { repositoriesOf } from '../../../../features/search/cards';
import { AppError, type ErrorCode } from '../../../../platform/errors';
import type { WebHandler } from '../../access';
import { Empty } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { RepositoryList } from '../../components/repository-list';
import { page, redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { NoSuchPage } from './no-such-page';
import { MemberList, ProfileHead, type PublicProfile } from './profile-parts';

/** The number of members on the page; the pages of the organization have the others. */
const MEMBERS = 24;

/** The result, or undefined if the feature refuses with one of the codes. */
async function unless<T>(codes: readonly ErrorCode[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && codes.includes(error.code)) return undefined;
    throw error;
  }
}

/** The profile that everyone may see; an inactive account shows only its name. */
async function publicProfile(ctx: Context, name: string): Promise<PublicProfile> {
  const found = await unless(['not_found'], () => getProfile(ctx, name));
  if (found?.isActive !== true) return { name, isUser: found !== undefined };
  const { fullName, location, company, profileUrl, createdAt } = found;
  return { name, isUser: true, fields: { fullName, location, company, profileUrl, createdAt } };
}

interface Members {
  readonly total: number;
  readonly members: readonly OrganizationMember[];
}

/** The members of an organization; undefined if the visitor may not see them. */
function membersOf(ctx: Context, { actor, login }: Visitor, organization: string): Promise<Members | undefined> {
  if (login === undefined) return Promise.resolve(undefined);
  const range = { limit: MEMBERS, offset: 0 };
  return unless(['not_found', 'forbidden'], () => listOrganizationMembers(ctx, actor, organization, range));
}

function NoRepositories({ name, isOwn }: { readonly name: string; readonly isOwn: boolean }): View {
  if (!isOwn) {
    return (
      <Empty title={`${name} has no repositories that you can see`}>
        <p>
          <a href="/explore/">Explore other repositories</a>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="No repositories here yet">
      <p>
        <a href="/repository/add/">Create one</a>, or <a href="/start/">push an image</a>, which creates one
        automatically.
      </p>
    </Empty>
  );
}

/** What an account says about itself, for links to its page. */
function descriptionOf({ name, isUser, fields }: PublicProfile): string {
  const facts = [fields?.fullName, fields?.company, fields?.location].filter(
    (fact) => fact !== undefined && fact !== '',
  );
  const what = `Repositories of the ${isUser ? 'user' : 'organization'} ${name}`;
  return [what, ...facts].join(' · ');
}

/** The page of a user or an organization: the profile and the repositories. */
export const getProfilePage: WebHandler<'anyone'> = async (ctx, { caller, params, query }) => {
  const given = params['name'] ?? '';
  const name = normalizeUsername(given);
  if (name === SHARED_NAMESPACE) return redirect(caller, '/explore/');
  const renamed = await findRenamedNamespace(ctx, name);
  if (renamed !== undefined) return redirect(caller, `/u/${renamed}/`);
  const asked = pageAsked(query);
  const { total, repositories } = await repositoriesOf(ctx, caller.actor, name, asked);
  const path = `/u/${name}/`;
  if (given !== name) return redirect(caller, path);
  const profile = await publicProfile(ctx, name);
  const members = profile.isUser ? undefined : await membersOf(ctx, caller, name);
  const isOwn = members !== undefined || caller.login?.account.username === name;
  const label = `Repositories of ${name}`;
  return page(
    caller,
    { title: name, preview: { title: name, description: descriptionOf(profile), path } },
    <>
      <ProfileHead visitor={caller} profile={profile} isInside={members !== undefined} />
      <h2>Repositories</h2>
      {repositories.length > 0 && <RepositoryList repositories={repositories} label={label} />}
      {total === 0 && <NoRepositories name={name} isOwn={isOwn} />}
      {total > 0 && repositories.length === 0 && <NoSuchPage first={path} />}
      <Paging asked={asked} total={total} path={path} />
      {members !== undefined && <MemberList organization={name} {...members} />}
    </>,
  );
};
