import { assetUrl } from '../assets';
import { themeNamed, THEMES, type ThemeChoice } from '../theme';
import type { View } from '../view';
import type { Visitor } from '../visitor';

/** The stylesheets of a page, in the colours that its reader chose; without a reader, in those of the system. */
export function Styles({ theme = themeNamed(undefined) }: { readonly theme?: ThemeChoice }): View {
  return (
    <>
      <meta name="color-scheme" content={theme.scheme} />
      <link rel="stylesheet" href={assetUrl('style.css')} />
      <link rel="stylesheet" href={assetUrl('dark.css')} media={theme.media} />
    </>
  );
}

/**
 * Three buttons for light and dark. The script applies a choice at once, and without it the page is loaded again. In a
 * browser without cookies the form has no token, so that a page does not set one only for this (see `access.ts`).
 */
export function ThemeSwitch({ visitor }: { readonly visitor: Visitor }): View {
  const { theme: chosen, formSecret } = visitor;
  return (
    <form class="theme" method="post" action="/theme/" aria-label="Theme">
      {formSecret !== undefined && <input type="hidden" name="csrf_token" value={visitor.formToken()} />}
      {/* The browser names the page that it comes from, but the address of a form that was sent may not have one. */}
      {'form' in visitor && <input type="hidden" name="next" value="/" />}
      {THEMES.map(({ theme, label, media, scheme }) => (
        <button
          type="submit"
          name="theme"
          value={theme}
          data-media={media}
          data-scheme={scheme}
          aria-pressed={theme === chosen.theme ? 'true' : 'false'}
        >
          {label}
        </button>
      ))}
    </form>
  );
}
