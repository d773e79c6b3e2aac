import type { Child } from 'hono/jsx';
import type { JSX } from 'hono/jsx/jsx-runtime';

/** Markup. All text in it is escaped, whatever its origin. */
export type View = JSX.Element;

/** The content of an element. */
export type Children = Child | undefined;

/**
 * The text of markup.
 *
 * @throws Error if a part of it is a promise: handlers ask the features first, and then write the page
 */
export function render(view: View): string {
  const text: unknown = view instanceof Promise ? view : view.toString();
  if (typeof text !== 'string') throw new Error('a page cannot wait');
  return text;
}
