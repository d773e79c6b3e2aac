/** Markup that is safe to send: its own words are ours, and what was put into it is escaped. */
export class Html {
  constructor(private readonly markup: string) {}

  /** The markup. */
  toString(): string {
    return this.markup;
  }
}

type Part = string | number | Html | readonly Part[] | undefined;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.toString();
  if (typeof part === 'string' || typeof part === 'number') {
    return String(part).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
  }
  return part.map(render).join('');
}

/**
 * A template of markup. Whatever stands in `${}` is escaped, for text and for attributes in quotes; other markup and
 * lists go in as they are, and undefined is nothing.
 */
export function html(markup: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(markup.map((text, at) => text + render(parts[at])).join(''));
}
