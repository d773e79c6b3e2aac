import type { AccountHit } from '../../../../features/search/accounts';
import { Avatar } from '../../components/avatar';
import { Empty, Tabs } from '../../components/page-parts';
import { formatCount } from '../../components/quantities';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';

/** What is searched for. */
export const TYPES = ['repositories', 'users', 'organizations'] as const;
export type SearchType = (typeof TYPES)[number];

const TITLES: Readonly<Record<SearchType, string>> = {
  repositories: 'Repositories',
  users: 'Users',
  organizations: 'Organizations',
};

/** The number of results of each type; undefined without a term, for which no accounts are looked for. */
export type Totals = Readonly<Record<SearchType, number | undefined>>;

const PATH = '/search';

/** The path of results; empty parameters are left out. */
export function searchPath(parameters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== ''));
  return query.size === 0 ? PATH : `${PATH}?${query.toString()}`;
}

/** The path of the results of one type. */
export function typePath(term: string, type: SearchType): string {
  return searchPath({ q: term, type: type === 'repositories' ? '' : type });
}

/** Links to the results of each type, with their numbers. */
export function TypeTabs({
  term,
  type,
  totals,
}: {
  readonly term: string;
  readonly type: SearchType;
  readonly totals: Totals;
}): View {
  return (
    <Tabs
      label="Results"
      items={TYPES.map((each) => ({
        href: typePath(term, each),
        text: (
          <>
            {TITLES[each]} {totals[each] !== undefined && <span class="badge">{formatCount(totals[each])}</span>}
          </>
        ),
      }))}
      current={typePath(term, type)}
    />
  );
}

/** Users or organizations, with what they say about themselves. */
export function AccountList({
  accounts,
  label,
}: {
  readonly accounts: readonly AccountHit[];
  readonly label: string;
}): View {
  return (
    <ul class="rows" aria-label={label}>
      {accounts.map(({ name, fullName, company, location }) => (
        <li class="pictured">
          <Avatar name={name} />
          <div>
            <span class="title-line">
              <a href={`/u/${name}/`}>{name}</a>
              {fullName !== '' && <small>{fullName}</small>}
            </span>
            {company + location !== '' && (
              <ul class="facts">
                {company !== '' && <li>{company}</li>}
                {location !== '' && <li>{location}</li>}
              </ul>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

function NoRepositories({ visitor }: { readonly visitor: Visitor }): View {
  return (
    <>
      <p>Try a shorter word or part of the name. The search covers names and short descriptions.</p>
      <p>
        <a href="/explore/">Explore all public repositories</a>
        {visitor.login === undefined && (
          <>
            {' or '}
            <a href={`/account/login/?next=${encodeURIComponent(visitor.url)}`}>sign in</a> to find your private
            repositories as well.
          </>
        )}
      </p>
    </>
  );
}

/** Replaces an empty list of results: what that means, and what to do next. */
export function NothingFound({
  visitor,
  term,
  type,
}: {
  readonly visitor: Visitor;
  readonly term: string;
  readonly type: SearchType;
}): View {
  if (term === '' && type !== 'repositories') {
    return (
      <Empty title={`Type the name of ${type === 'users' ? 'a user' : 'an organization'} in the search field`}>
        <p>Part of it is enough, or part of the full name.</p>
      </Empty>
    );
  }
  if (term === '') {
    return (
      <Empty title="There are no repositories to search yet">
        <p>
          <a href="/start/">Push the first repository</a>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title={`No ${type} found for “${term}”`}>
      {type === 'repositories' ? (
        <NoRepositories visitor={visitor} />
      ) : (
        <p>Try a shorter part of the name or of the full name. A word of one or two letters has to be its beginning.</p>
      )}
    </Empty>
  );
}
