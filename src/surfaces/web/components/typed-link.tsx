import type { View } from '../view';

/** An address that a user typed: a link if it leads to a web page, otherwise text. */
export function TypedLink({ url }: { readonly url: string }): View {
  const { protocol } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  if (protocol !== 'http:' && protocol !== 'https:') return <>{url}</>;
  return (
    <a href={url} rel="nofollow noopener noreferrer">
      {url}
    </a>
  );
}
