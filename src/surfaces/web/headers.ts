import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { requestState } from '../../platform/http/request-state';

const strictHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'none'"],
      'style-src': ["'self'"],
      'img-src': ["'self'"],
      'form-action': ["'self'"],
      'frame-ancestors': ["'none'"],
      'base-uri': ["'none'"],
    },
  },
  // A link has a secret in it, which no other site shall learn. Without any referrer, browsers would send
  // `Origin: null` with the forms, too.
  referrerPolicy: { policy: 'same-origin' },
  // Whether the host has https at all is for the operator to say; engines may need http on it.
  strictTransportSecurity: false,
});

const SECRET = /[\w-]{43,}/g;

/** What browsers must know before any page; and the secrets of links are kept out of the log. */
export const webHeaders: RequestHandler = (req, res, next) => {
  requestState(res).loggedUrl = req.originalUrl.replace(SECRET, ':secret');
  strictHeaders(req, res, next);
};
