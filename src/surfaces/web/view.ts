import type { Child } from 'hono/jsx';
import type { JSX } from 'hono/jsx/jsx-runtime';

/** Markup. Text in it is escaped, wherever it came from. */
export type View = JSX.Element;

/** What an element may have in it. */
export type Children = Child | undefined;

/**
 * The text of markup.
 *
 * @throws Error when something in it is still to come: handlers ask the features first, and then write the page
 */
export function render(view: View): string {
  const text: unknown = view instanceof Promise ? view : view.toString();
  if (typeof text !== 'string') throw new Error('a page cannot wait');
  return text;
}
