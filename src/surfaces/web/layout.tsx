import { buildName } from '../../platform/process/build';
import { assetUrl } from './assets';
import { Avatar } from './components/avatar';
import { Form } from './components/forms';
import { LinkPreviewTags, type LinkPreview } from './components/link-preview';
import { Styles, ThemeSwitch } from './components/theme';
import type { Children, View } from './view';
import type { Visitor } from './visitor';

/** The parts of a page around its content. */
export interface LayoutProps {
  readonly visitor: Visitor;
  /** the title of the tab; undefined: only the name of the hub */
  readonly title: string | undefined;
  /** the link in the header to which this page belongs */
  readonly section?: 'explore' | 'dashboard' | 'start' | 'admin' | undefined;
  /** for links to the page from elsewhere; undefined: not everyone may see it */
  readonly preview?: LinkPreview | undefined;
  /** the text in the search field */
  readonly search?: string;
  /** the page has a search field of its own */
  readonly hasOwnSearch?: boolean;
  /** no wider than readable text, for pages such as forms */
  readonly isNarrow?: boolean;
  readonly children?: Children;
}

function current(isCurrent: boolean): { 'aria-current'?: 'page' } {
  return isCurrent ? { 'aria-current': 'page' } : {};
}

/** The links of the header: at its right, and on a phone in its menu. */
function SiteLinks({ visitor, section }: Pick<LayoutProps, 'visitor' | 'section'>): View {
  return (
    <>
      <a href="/explore/" {...current(section === 'explore')}>
        Explore
      </a>
      <a href="/start/" {...current(section === 'start')}>
        Get started
      </a>
      {visitor.login !== undefined && (
        <a href="/dashboard/" {...current(section === 'dashboard')}>
          Dashboard
        </a>
      )}
    </>
  );
}

function LoginLinks({ section, visitor }: Pick<LayoutProps, 'visitor' | 'section'>): View {
  return (
    <>
      <div class="account wide-only">
        <a href="/account/login/">Sign in</a>
        {visitor.canSignUp && (
          <a class="button small" href="/account/signup/">
            Sign up
          </a>
        )}
      </div>
      <details class="menu account narrow-only">
        <summary>Menu</summary>
        <div class="menu-items">
          <SiteLinks visitor={visitor} section={section} />
          <a href="/account/login/">Sign in</a>
          {visitor.canSignUp && <a href="/account/signup/">Sign up</a>}
        </div>
      </details>
    </>
  );
}

function AccountMenu({ visitor, section }: Pick<LayoutProps, 'visitor' | 'section'>): View {
  const { login } = visitor;
  if (login === undefined) return <LoginLinks visitor={visitor} section={section} />;
  const { username, isAdmin } = login.account;
  return (
    <details class="menu account">
      <summary>
        <Avatar name={username} />
        <span class="username">{username}</span>
      </summary>
      <div class="menu-items">
        <span class="narrow-only">
          <SiteLinks visitor={visitor} section={section} />
        </span>
        <a class="wide-only" href="/dashboard/">
          Dashboard
        </a>
        <a href={`/u/${username}/`}>Profile</a>
        <a href="/repository/add/">Create repository</a>
        <a href="/organizations/">Organizations</a>
        <a href="/account/settings/">Settings</a>
        {isAdmin && <a href="/admin/">Administration</a>}
        <Form visitor={visitor} action="/account/logout/">
          <button type="submit" class="plain">
            Sign out
          </button>
        </Form>
      </div>
    </details>
  );
}

function SearchField({ term }: { readonly term: string }): View {
  return (
    <form class="search" action="/search" role="search">
      <input type="search" name="q" value={term} placeholder="Search" aria-label="Search" maxlength={200} />
    </form>
  );
}

function Header({ visitor, section, search = '', hasOwnSearch = false }: LayoutProps): View {
  return (
    <header class="top">
      <div class="bar">
        <a class="brand" href="/">
          <svg viewBox="0 0 24 24" width="26" height="26" aria-hidden="true">
            <path class="hull" d="M3 13h18l-2.2 5.2a2 2 0 0 1-1.9 1.3H7.1a2 2 0 0 1-1.9-1.3z" />
            <path class="load" d="M6 8h3v4H6zm4.500 0h3v4h-3zm4.500 0h3v4h-3zM10.500 3.500h3v3.500h-3z" />
          </svg>
          <span>Drydock</span>
        </a>
        {hasOwnSearch ? <span class="search"></span> : <SearchField term={search} />}
        <nav class="wide-only" aria-label="Site">
          <SiteLinks visitor={visitor} section={section} />
        </nav>
        <AccountMenu visitor={visitor} section={section} />
      </div>
    </header>
  );
}

/** The whole document around a page. */
export function Layout(props: LayoutProps): View {
  const { visitor, title, preview, isNarrow = false, children } = props;
  const { notice, theme } = visitor;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title === undefined ? 'Drydock' : `${title} · Drydock`}</title>
        {preview !== undefined && <LinkPreviewTags of={preview} origin={visitor.origin} />}
        <Styles theme={theme} />
        <link rel="icon" type="image/svg+xml" href={assetUrl('icon.svg')} />
        <script type="module" src={assetUrl('drydock.js')}></script>
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to content
        </a>
        <Header {...props} />
        <main id="content" class={isNarrow ? 'narrow' : ''} tabindex={-1}>
          {notice !== undefined && (
            <p class={`notice ${notice.kind}`} role="status">
              {notice.text}
            </p>
          )}
          {children}
        </main>
        <footer>
          <span>Drydock keeps old docker engines in service.</span>
          <a href="/start/">Get started</a>
          <a href="/docs/api/">API</a>
          <small>Version {buildName()}</small>
          <ThemeSwitch visitor={visitor} />
        </footer>
      </body>
    </html>
  );
}
