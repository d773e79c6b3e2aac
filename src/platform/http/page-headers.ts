import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/**
 * What every page of ours sends: scripts, styles and forms from this server alone, none of them inline, and in no frame.
 *
 * @param img - further sources of pictures
 */
export function pageHeaders(img: readonly string[] = []): (req: IncomingMessage, res: ServerResponse) => void {
  const setHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", ...img],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Whoever serves https says so: a promise for a year is not ours to make.
    strictTransportSecurity: false,
  });
  return (req, res) => {
    setHeaders(req, res, (error) => {
      if (error !== undefined) throw error instanceof Error ? error : new Error('the headers could not be set');
    });
  };
}
