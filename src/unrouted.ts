import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorRequestHandler } from 'express';
import type { Context, Needs } from './context';
import { AppError } from './platform/errors';
import { answer, internalErrorReply } from './platform/http/answer';
import { json, type Headers, type Reply } from './platform/http/exchange';
import { splitUrl } from './platform/http/url';
import { apiErrorReply } from './surfaces/api/errors';
import { apiHeaders } from './surfaces/api/mount';
import { FIRST_WITHOUT_V1, isOlderEngine } from './surfaces/v1/engine';
import { v1Headers } from './surfaces/v1/replies';
import { v2Headers, v2Refusal } from './surfaces/v2/errors';
import { refusalPage, wantsPage } from './surfaces/web/errors';
import { pageHeaders } from './surfaces/web/surface';

/* The answers to requests that belong to no surface. */

/**
 * The answer for an unknown path. Old engines request `/v2/` and must find that it does not exist: a 404 without
 * `Docker-Distribution-Api-Version` sends them back to v1 (protocol 0.4), and this is the body that we tested them
 * with.
 */
export const NOT_FOUND: Reply = {
  status: 404,
  headers: { 'Content-Type': 'text/plain' },
  body: '404 page not found\n',
};

/**
 * The answer below `/v2` where the operator has switched v2 off: current tools show its sentence; given plain text they
 * report that they cannot read it.
 */
const NO_V2: Reply = v2Refusal(404, {
  code: 'NAME_UNKNOWN',
  message:
    'this hub speaks the v1 protocol of docker only: use docker 17.11 or older, from 17.06 on with --disable-legacy-registry=false',
});

const BROKEN_PATH: Reply = v2Refusal(400, {
  code: 'NAME_INVALID',
  message: 'the address is invalid: a % must be followed by two hexadecimal digits',
});

function isBelowV2(req: IncomingMessage): boolean {
  const { url = '' } = req;
  return url.startsWith('/v2') && /^\/v2(\/|\?|$)/.test(url);
}

/** Whether v2 does not exist for this client: an engine that would leave v1 for it. */
export function isHiddenV2({ settings }: Needs<'settings'>, req: IncomingMessage): boolean {
  const { v2Engines } = settings;
  return v2Engines !== 'off' && isBelowV2(req) && isOlderEngine(req.headers['user-agent'], v2Engines);
}

/** The answer to a program for an unknown path. */
export function missing(req: IncomingMessage): Reply {
  return isBelowV2(req) && !isOlderEngine(req.headers['user-agent'], FIRST_WITHOUT_V1) ? NO_V2 : NOT_FOUND;
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

function headersFor(req: IncomingMessage & { readonly path: string }): (reply: Reply) => Headers {
  if (req.path.startsWith('/api/')) return apiHeaders;
  if (isBelowV2(req)) return v2Headers;
  return wantsPage(req) ? pageHeaders : v1Headers;
}

/** Answers requests that Express itself refuses, whose path has broken escapes. */
export function refuseBrokenPath(ctx: Context): ErrorRequestHandler {
  return async (error: unknown, req, res, _next) => {
    const isApi = req.path.startsWith('/api/');
    const createReply = async (): Promise<Reply> => {
      if (!(error instanceof URIError)) throw error;
      const refusal = new AppError('invalid', 'The address is invalid: a % must be followed by two hexadecimal digits');
      if (isApi) throw refusal;
      if (isBelowV2(req) && ctx.settings.v2Engines !== 'off') return BROKEN_PATH;
      return wantsPage(req) ? refusalPage(ctx, req, res, refusal) : json(400, { error: 'Bad request' });
    };
    const errorReply = isApi ? apiErrorReply : internalErrorReply;
    const headers = headersFor(req);
    await answer(res, { createReply, path: req.path, errorReply, headers });
  };
}
