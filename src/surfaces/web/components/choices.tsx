import type { View } from '../view';

/** Links to the ways to see one list, such as its orders, of which one is current. */
export function Choices({
  label,
  items,
  current,
}: {
  /** the label of the navigation, for screen readers */
  readonly label: string;
  readonly items: readonly { readonly href: string; readonly text: string }[];
  /** the `href` of this page */
  readonly current: string;
}): View {
  return (
    <nav class="actions choices" aria-label={label}>
      {items.map(({ href, text }) => (
        <a class="button quiet small" href={href} {...(href === current ? { 'aria-current': 'true' } : {})}>
          {text}
        </a>
      ))}
    </nav>
  );
}
