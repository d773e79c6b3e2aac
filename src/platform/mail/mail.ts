import { html } from 'hono/html';

/** A mail to one person, without its looks: paragraphs, and URLs that stand by themselves, as links. */
export interface Mail {
  /** one address, without a name */
  readonly to: string;
  readonly subject: string;
  readonly paragraphs: readonly (string | { readonly url: string })[];
}

// Whoever chooses a name must not begin a header with it.
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** The subject as one line. */
export function subjectOf({ subject }: Mail): string {
  return subject.replace(CONTROL_CHARACTERS, ' ').trim();
}

/** The mail for programs that show text. */
export function textOf({ paragraphs }: Mail): string {
  return `${paragraphs.map((part) => (typeof part === 'string' ? part : part.url)).join('\n\n')}\n`;
}

/** The mail for programs that show markup. What stands in `${}` is escaped. */
export async function htmlOf({ paragraphs }: Mail): Promise<string> {
  const body = paragraphs.map((part) =>
    typeof part === 'string' ? html`<p>${part}</p> ` : html`<p><a href="${part.url}">${part.url}</a></p> `,
  );
  const page = await html`<!doctype html>
    <html lang="en">
      <body>
        ${body}
      </body>
    </html> `;
  return page.toString();
}
