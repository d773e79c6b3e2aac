import { raw } from 'hono/html';
import { render, type Children, type View } from '../view';
import { Avatar } from './avatar';

/** The heading of a page. */
export function Heading({
  avatar,
  title,
  subtitle,
  children,
}: {
  /** the account whose picture is at its left */
  readonly avatar?: string;
  readonly title: Children;
  readonly subtitle?: Children;
  /** buttons on its right */
  readonly children?: Children;
}): View {
  return (
    <div class="heading">
      <div class="pictured">
        {avatar !== undefined && <Avatar name={avatar} size="large" />}
        <div>
          <h1>{title}</h1>
          {subtitle !== undefined && <p class="subtitle">{subtitle}</p>}
        </div>
      </div>
      {children !== undefined && <div class="actions">{children}</div>}
    </div>
  );
}

/** A box with its own title. */
export function Panel({
  title,
  children,
  tone,
}: {
  readonly title?: Children;
  readonly children?: Children;
  readonly tone?: 'danger';
}): View {
  return (
    <section class={tone === undefined ? 'panel' : `panel ${tone}`}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  );
}

/** Replaces an empty list: what that means, and what to do next. */
export function Empty({ title, children }: { readonly title: string; readonly children?: Children }): View {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Links to the pages of one thing, such as a repository. */
export function Tabs({
  label,
  items,
  current,
}: {
  /** the label of the navigation, for screen readers */
  readonly label: string;
  readonly items: readonly { readonly href: string; readonly text: Children }[];
  /** the `href` of this page, or of the page to which it belongs */
  readonly current: string;
}): View {
  return (
    <nav class="tabs" aria-label={label}>
      {items.map(({ href, text }) => (
        <a href={href} {...(href === current ? { 'aria-current': 'page' } : {})}>
          {text}
        </a>
      ))}
    </nav>
  );
}

/** A column of links at the left of a page, such as the settings; on a phone it is at the top. */
export function Sidebar({
  label,
  items,
  current,
  children,
}: {
  readonly label: string;
  readonly items: readonly { readonly href: string; readonly text: Children }[];
  readonly current: string;
  readonly children?: Children;
}): View {
  return (
    <div class="with-sidebar">
      <nav class="sidebar" aria-label={label}>
        {items.map(({ href, text }) => (
          <a href={href} {...(href === current ? { 'aria-current': 'page' } : {})}>
            {text}
          </a>
        ))}
      </nav>
      <div>{children}</div>
    </div>
  );
}

/**
 * The rows with the name of its column in each cell. On a phone, where the cells stand below each other, it is shown
 * before the cell; the first cell is the title of its row and needs no name.
 */
function withNames(rows: Children, head: readonly Children[]): Children {
  let at = 0;
  const text = render(<>{rows}</>).replaceAll(/<(tr|td|th)(?=[ >])/g, (tag, element: string) => {
    at = element === 'tr' ? -1 : at + 1;
    const name = at > 0 ? head[at] : undefined;
    return typeof name === 'string' && /^[\w ]+$/.test(name) ? `${tag} data-th="${name}"` : tag;
  });
  return raw(text);
}

/** A table. On a phone, its rows are stacked. */
export function Table({
  caption,
  head,
  numbers = [],
  children,
}: {
  /** its content, for screen readers */
  readonly caption: string;
  readonly head: readonly Children[];
  /** the columns of numbers, from 0: they are aligned to the right, as their cells with the class `number` */
  readonly numbers?: readonly number[];
  /** the `<tr>`s */
  readonly children?: Children;
}): View {
  return (
    <div class="table-frame" tabindex={0} role="region" aria-label={caption}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {head.map((cell, at) => (
              <th scope="col" {...(numbers.includes(at) ? { class: 'number' } : {})}>
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{withNames(children, head)}</tbody>
      </table>
    </div>
  );
}

/** A short label for something. */
export function Badge({
  tone = 'plain',
  children,
}: {
  readonly tone?: 'plain' | 'good' | 'warn' | 'bad' | 'official';
  readonly children?: Children;
}): View {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** A line to copy, such as a command; the script adds a button. */
export function CopyLine({
  text,
  label,
}: {
  readonly text: string;
  /** its meaning, for screen readers */ readonly label: string;
}): View {
  return (
    <div class="copy">
      <code tabindex={0} aria-label={label}>
        {text}
      </code>
      <CopyButton text={text} label={label} />
    </div>
  );
}

/** A button that copies a text; the script shows it. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }): View {
  return (
    <button type="button" class="small" data-copy={text} hidden aria-label={`Copy: ${label}`}>
      Copy
    </button>
  );
}
