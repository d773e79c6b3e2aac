import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorRequestHandler } from 'express';
import type { Context } from './context';
import { AppError } from './platform/errors';
import { answer, internalErrorReply } from './platform/http/answer';
import { json, type Reply } from './platform/http/exchange';
import { splitUrl } from './platform/http/url';
import { apiErrorReply } from './surfaces/api/errors';
import { apiHeaders } from './surfaces/api/mount';
import { usesV1 } from './surfaces/v1/engine';
import { v1Headers } from './surfaces/v1/replies';
import { refusalPage, wantsPage } from './surfaces/web/errors';
import { pageHeaders } from './surfaces/web/surface';

/* The answers to requests that belong to no surface. */

/**
 * The answer for an unknown path. Engines request `/v2/` and must find that it does not exist: a 404 without
 * `Docker-Distribution-Api-Version` sends them back to v1 (protocol 0.4), and this is the body that we tested them
 * with.
 */
export const NOT_FOUND: Reply = {
  status: 404,
  headers: { 'Content-Type': 'text/plain' },
  body: '404 page not found\n',
};

/** Current tools read the error of v2 and show its sentence; given plain text they report that they cannot read it. */
const NO_V2: Reply = json(404, {
  errors: [
    {
      code: 'NAME_UNKNOWN',
      message:
        'this hub speaks the v1 protocol of docker only: use docker 17.11 or older, from 17.06 on with --disable-legacy-registry=false',
      detail: null,
    },
  ],
});

/** The answer to a program for an unknown path. */
export function missing(req: IncomingMessage): Reply {
  const isV2 = /^\/v2(\/|$)/.test(splitUrl(req.url ?? '').path);
  return isV2 && !usesV1(req.headers['user-agent']) ? NO_V2 : NOT_FOUND;
}

/** Sends an answer that is the same for every caller. */
export function replyTo(req: IncomingMessage, res: ServerResponse, reply: Reply): void {
  const { path } = splitUrl(req.url ?? '');
  void answer(res, {
    createReply: () => Promise.resolve(reply),
    errorReply: internalErrorReply,
    path,
    headers: () => ({}),
  });
}

/** Answers requests that Express itself refuses, whose path has broken escapes. */
export function refuseBrokenPath(ctx: Context): ErrorRequestHandler {
  return async (error: unknown, req, res, _next) => {
    const isApi = req.path.startsWith('/api/');
    const createReply = async (): Promise<Reply> => {
      if (!(error instanceof URIError)) throw error;
      const refusal = new AppError('invalid', 'The address is invalid: a % must be followed by two hexadecimal digits');
      if (isApi) throw refusal;
      return wantsPage(req) ? refusalPage(ctx, req, res, refusal) : json(400, { error: 'Bad request' });
    };
    const errorReply = isApi ? apiErrorReply : internalErrorReply;
    const headers = isApi ? apiHeaders : wantsPage(req) ? pageHeaders : v1Headers;
    await answer(res, { createReply, path: req.path, errorReply, headers });
  };
}
