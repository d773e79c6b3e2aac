import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { AppError } from '../../platform/errors';
import { clientAddress } from '../../platform/http/client-address';
import type { Exchange, Reply } from '../../platform/http/exchange';
import type { Guard, Route } from '../../platform/http/route';

/*
 * Who may come in. None of these pages needs a session: a secret in the path says enough. Where it says not who joins a
 * team, the handler looks for one.
 *
 *   page   anybody; changes nothing
 *   form   anybody, from a page of ours: another site cannot make a browser post here
 */

export type Access = 'page' | 'form';

/** What a handler gets to know of its caller. */
export interface Visitor {
  readonly address: string;
}

export interface Callers {
  page: Visitor;
  form: Visitor;
}

export type WebHandler = (ctx: Context, exchange: Exchange<Visitor>) => Promise<Reply> | Reply;
export type WebRoute = Route<Access, Callers>;

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/**
 * Browsers say where a form was: in `Sec-Fetch-Site` over https, in `Origin` otherwise. What says neither is no
 * browser, and has no cookies or network of somebody else's to abuse.
 */
function isFromOurPage({ headers }: IncomingMessage, publicHost: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  if (headers.origin === undefined) return true;
  const host = hostOf(headers.origin);
  // A proxy may have changed the host that the browser asked for.
  return host !== undefined && (host === headers.host || host === publicHost);
}

/** The guards of all pages. */
export function webGuards(ctx: Context): { readonly [A in Access]: Guard<Callers[A]> } {
  const visitor = (req: IncomingMessage): Visitor => ({ address: clientAddress(req, ctx.settings.trustsProxy) });
  return {
    page: (req) => Promise.resolve(visitor(req)),
    form: async (req) => {
      if (!isFromOurPage(req, ctx.publicUrl.host)) throw new AppError('forbidden', 'This form is on another site');
      return visitor(req);
    },
  };
}
