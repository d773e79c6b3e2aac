import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/**
 * What a page may load and whom it may talk to: this server alone, nothing that is inline, and in no frame.
 *
 * @param more.img - further sources of pictures
 * @param more.formAction - further receivers of forms, which includes where their answers redirect to
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
  contentSecurityPolicy: false, // above: it differs between pages
  // With `no-referrer`, browsers would send `Origin: null` with our own forms.
  referrerPolicy: { policy: 'same-origin' },
  strictTransportSecurity: false, // whoever serves https says so; a promise for a year is not ours to make
});

/** Sets what every page sends beside its policy. */
export function setPageHeaders(req: IncomingMessage, res: ServerResponse): void {
  setHeaders(req, res, (error) => {
    if (error !== undefined) throw error instanceof Error ? error : new Error('the headers could not be set');
  });
}
