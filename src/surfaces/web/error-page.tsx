import type { IncomingMessage } from 'node:http';
import type { Headers, Reply } from '../../platform/http/exchange';
import { contentSecurityPolicy } from '../../platform/http/page-headers';
import { assetUrl } from './assets';
import { Styles } from './components/theme';
import { ownPath, pageBefore } from './own-path';
import { page } from './reply';
import { render, type Children, type View } from './view';
import type { Visitor } from './visitor';

/** The status, title and headers of an error page. */
export interface Mishap {
  readonly status: number;
  readonly title: string;
  readonly requestId: string;
  readonly headers?: Headers;
}

function Document({ status, title, requestId, children }: Mishap & { readonly children?: Children }): View {
  return (
    <div class="mishap">
      <p class="mishap-code">Error {status}</p>
      <h1>{title}</h1>
      {children}
      <p class="fine">
        Request <code>{requestId}</code>
      </p>
    </div>
  );
}

function WaysOn({ visitor, req, status }: { visitor: Visitor; req: IncomingMessage; status: number }): View {
  const before = pageBefore(req, visitor.origin);
  const mayNeedLogin = visitor.login === undefined && (status === 403 || status === 404);
  const next = req.method === 'GET' ? `?next=${encodeURIComponent(visitor.url)}` : '';
  return (
    <p class="link-buttons">
      {before !== undefined && (
        <a class="button" href={before}>
          Back to the form
        </a>
      )}
      {mayNeedLogin && (
        <a class="button" href={`/account/login/${next}`}>
          Sign in
        </a>
      )}
      {status >= 500 && req.method === 'GET' && (
        <a class="button" href={ownPath(visitor.url, '/')}>
          Try again
        </a>
      )}
      <a class="button quiet" href="/">
        Home
      </a>
      <a class="button quiet" href="/explore/">
        Explore
      </a>
    </p>
  );
}

/** A page that describes an error and has links to go on. */
export function errorPage(visitor: Visitor, req: IncomingMessage, mishap: Mishap, content: Children): Reply {
  const { status, title, headers = {} } = mishap;
  return page(
    visitor,
    { title, status, headers, isNarrow: true },
    <Document {...mishap}>
      {content}
      <WaysOn visitor={visitor} req={req} status={status} />
    </Document>,
  );
}

/** The same page for a visitor who is not identified, without anything around it. */
export function bareErrorPage(mishap: Mishap, content: Children): Reply {
  const { status, title, headers = {} } = mishap;
  const markup = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title} · Drydock</title>
        <Styles />
        <link rel="icon" type="image/svg+xml" href={assetUrl('icon.svg')} />
      </head>
      <body>
        <main class="narrow">
          <Document {...mishap}>{content}</Document>
        </main>
      </body>
    </html>
  );
  const type = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': contentSecurityPolicy() };
  return { status, headers: { ...type, ...headers }, body: `<!doctype html>${render(markup)}` };
}
