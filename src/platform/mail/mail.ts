import { html } from 'hono/html';

/** A mail to one person, without formatting: paragraphs, and URLs on their own, which become links. */
export interface Mail {
  /** One address, without a name. */
  readonly to: string;
  readonly subject: string;
  readonly paragraphs: readonly (string | { readonly url: string })[];
}

// A user-chosen name in the subject must not start a new header.
const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029]+/gu;

/** The subject on one line. */
export function subjectOf({ subject }: Mail): string {
  return subject.replace(CONTROL_CHARACTERS, ' ').trim();
}

/** The mail for programs that show text. */
export function textOf({ paragraphs }: Mail): string {
  return `${paragraphs.map((part) => (typeof part === 'string' ? part : part.url)).join('\n\n')}\n`;
}

/** The mail for programs that show HTML. Values in `${}` are escaped. */
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
