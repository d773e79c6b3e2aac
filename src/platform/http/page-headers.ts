import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/**
 * What a page may load and which hosts it may contact: only this server, nothing inline, and in no frame.
 *
 * @param more.img - additional sources of pictures
 * @param more.formAction - additional targets of forms, which includes where their answers redirect to
 */
export function contentSecurityPolicy(
  more: { readonly img?: readonly string[]; readonly formAction?: readonly string[] } = {},
): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    ["img-src 'self'", ...(more.img ?? [])].join(' '),
    "connect-src 'self'",
    ["form-action 'self'", ...(more.formAction ?? [])].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join(';');
}

const setHeaders = helmet({
  contentSecurityPolicy: false, // set above, because it differs between pages
  // With `no-referrer`, browsers would send `Origin: null` with our own forms.
  referrerPolicy: { policy: 'same-origin' },
  strictTransportSecurity: false, // the server that terminates https may set it; we must not promise it for a year
});

/** Sets the headers that every page sends in addition to its policy. */
export function setPageHeaders(req: IncomingMessage, res: ServerResponse): void {
  setHeaders(req, res, (error) => {
    if (error !== undefined) throw error instanceof Error ? error : new Error('the headers could not be set');
  });
}
