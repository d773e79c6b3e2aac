import type { OwnNamespace } from '../../../../features/namespaces/own-namespaces';
import { listOwnNamespaces } from '../../../../features/namespaces/own-namespaces';
import type { RepositoryCard } from '../../../../features/search/cards';
import { featured } from '../../../../features/search/explore';
import type { WebHandler } from '../../access';
import { RepositoryList } from '../../components/repository-list';
import { page } from '../../reply';
import type { Children, View } from '../../view';
import type { Visitor } from '../../visitor';
import { FirstStart } from './first-start';

/** The number of repositories in each list. */
const FEATURED = 6;

const PREVIEW = {
  title: 'Drydock',
  description: 'Stores images for docker engines that cannot be upgraded, and serves them to those of today as well.',
  path: '/',
};

function Hero({ children }: { readonly children?: Children }): View {
  return (
    <section class="hero">
      <h1>A hub for docker engines that cannot be upgraded</h1>
      <p>
        Drydock stores images for docker 0.6 to 17.11 and serves them as the old Docker Hub did: push, pull and search
        with the engines you have.
      </p>
      <form class="search large" action="/search">
        <input
          type="search"
          name="q"
          placeholder="Search"
          aria-label="Search repositories, users and organizations"
          maxlength={200}
        />
        <button type="submit">Search</button>
      </form>
      {children}
    </section>
  );
}

/** Links to the visitor's own pages. */
function OwnPlaces({ namespaces }: { readonly namespaces: readonly OwnNamespace[] }): View {
  return (
    <nav class="link-buttons" aria-label="Your namespaces">
      <a class="button" href="/repository/add/">
        Create repository
      </a>
      <a class="button quiet" href="/dashboard/">
        Your repositories
      </a>
      {namespaces.slice(0, FEATURED).map(({ name, kind }) => (
        <a class="button quiet" href={kind === 'library' ? '/explore/' : `/u/${name}/`}>
          {kind === 'library' ? 'Official repositories' : name}
        </a>
      ))}
    </nav>
  );
}

function Featured({
  title,
  label,
  repositories,
  children,
}: {
  readonly title: string;
  readonly label: string;
  readonly repositories: readonly RepositoryCard[];
  readonly children?: Children;
}): View {
  if (repositories.length === 0) return <></>;
  return (
    <section>
      <div class="section-line">
        <h2>{title}</h2>
        {children}
      </div>
      <RepositoryList repositories={repositories} label={label} showsOwners />
    </section>
  );
}

function SignUpLine({ visitor, isOpen }: { readonly visitor: Visitor; readonly isOpen: boolean }): View {
  if (visitor.login !== undefined) return <></>;
  return (
    <p>
      {isOpen ? <a href="/account/signup/">Sign up</a> : <a href="/account/login/">Sign in</a>} to push images of your
      own, or <a href="/start/">see how to set up an engine</a>.
    </p>
  );
}

/** The first page: what this hub is, and what it has. */
export const getHome: WebHandler<'anyone'> = async (ctx, { caller }) => {
  const { official, popular } = await featured(ctx, FEATURED);
  const namespaces = caller.login === undefined ? undefined : await listOwnNamespaces(ctx, caller.actor);
  const isEmpty = official.length + popular.length === 0;
  return page(
    caller,
    { title: undefined, preview: PREVIEW, hasOwnSearch: true, headers: { Vary: 'Accept' } },
    <>
      <Hero>
        {namespaces !== undefined && <OwnPlaces namespaces={namespaces} />}
        {!isEmpty && <SignUpLine visitor={caller} isOpen={ctx.settings.registrationOpen} />}
      </Hero>
      {isEmpty && <FirstStart visitor={caller} />}
      <Featured title="Official repositories" label="Official repositories" repositories={official}>
        <a href="/explore/">Explore all</a>
      </Featured>
      <Featured title="Most pulled" label="Most pulled repositories" repositories={popular}>
        <a href="/explore/?sort=newest">See the newest</a>
      </Featured>
    </>,
  );
};
