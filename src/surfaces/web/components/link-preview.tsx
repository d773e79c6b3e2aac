import { assetUrl } from '../assets';
import type { View } from '../view';

/** What chats and search engines show of a link to a page (https://ogp.me). Only pages that everyone may see have it. */
export interface LinkPreview {
  readonly title: string;
  readonly description: string;
  /** of the page itself, without parameters that lead to another view of it */
  readonly path: string;
}

/** The metadata in the head of a page. */
export function LinkPreviewTags({ of, origin }: { readonly of: LinkPreview; readonly origin: string }): View {
  const { title, description, path } = of;
  return (
    <>
      <meta name="description" content={description} />
      <meta property="og:site_name" content="Drydock" />
      <meta property="og:type" content="website" />
      <meta property="og:title" content={title} />
      <meta property="og:description" content={description} />
      <meta property="og:url" content={origin + path} />
      <meta property="og:image" content={origin + assetUrl('icon.png')} />
    </>
  );
}
