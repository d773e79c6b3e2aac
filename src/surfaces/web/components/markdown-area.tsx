import type { MarkdownKind, Rendered } from '../markdown';
import type { View } from '../view';
import { MarkdownText } from './markdown-text';

/* Previews of Markdown next to the text area that it is typed in. */

/** The path to which the script sends a text; the form itself shows its page again with the preview. */
export const PREVIEW_PATH = '/markdown/preview/';

/** The name of the button, by which a form tells a preview from its own purpose. */
export const PREVIEW = 'preview';

/** A text as its page will show it. */
export function Preview({ text: { html, isCut } }: { readonly text: Rendered }): View {
  return (
    <section class="panel preview" aria-label="Preview">
      <h2>Preview</h2>
      {html === '' ? <p class="fine">Nothing to show.</p> : <MarkdownText html={html} />}
      {isCut && <p class="fine">Only the beginning: the text is long.</p>}
    </section>
  );
}

/** The place of the preview in a form, empty until someone asks for it; screen readers hear of it. */
export function PreviewPlace({ text }: { readonly text: Rendered | undefined }): View {
  return (
    <div data-preview-place aria-live="polite">
      {text !== undefined && <Preview text={text} />}
    </div>
  );
}

/** The button that shows the text of a field as Markdown. */
export function PreviewButton({ field, kind }: { readonly field: string; readonly kind: MarkdownKind }): View {
  return (
    <button
      type="submit"
      name={PREVIEW}
      value="yes"
      class="quiet"
      formnovalidate
      data-preview-of={field}
      data-preview-kind={kind}
    >
      Preview
    </button>
  );
}
