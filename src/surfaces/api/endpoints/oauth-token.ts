import { z } from 'zod';
import { ACCESS_SECONDS, exchange, GrantError } from '../../../features/oauth/grants';
import { AppError } from '../../../platform/errors';
import { endpoint, reply, type AnyReply } from '../endpoint';
import { line } from './schemas';

const tokensSchema = z
  .strictObject({
    username: z.string(),
    user_id: z.int(),
    access_token: z.string(),
    expires_in: z.int().describe('Seconds'),
    token_type: z.literal('Bearer'),
    scope: z.string().describe('The granted scopes, separated by spaces'),
    refresh_token: z.string().describe('Can be used once'),
  })
  .meta({ id: 'OAuthTokens' });

const errorSchema = z
  .strictObject({ error: z.string(), error_description: z.string() })
  .meta({ id: 'OAuthError', description: 'An error code of RFC 6749, section 5.2' });

/** Unknown fields are ignored (RFC 6749, 3.2). */
const requestSchema = z.object({
  grant_type: z.enum(['authorization_code', 'refresh_token']).or(line(100)),
  code: line(1000).optional(),
  redirect_uri: line(2000).optional(),
  refresh_token: line(1000).optional(),
  scope: line(1000).optional(),
  code_verifier: line(1000).optional().describe('PKCE'),
  client_id: line(1000).optional().describe('Unless sent by Basic authentication'),
  client_secret: line(1000).optional().describe('Unless sent by Basic authentication'),
});

const NOT_KEPT = { Pragma: 'no-cache' };

/** A client that fails to authenticate gets a 401 with a challenge; everything else is a 400 (RFC 6749, 5.2). */
function refusal(error: unknown): AnyReply | undefined {
  if (error instanceof GrantError) {
    const isClient = error.code === 'invalid_client';
    const headers = isClient ? { 'WWW-Authenticate': 'Basic realm="Drydock OAuth", charset="UTF-8"' } : {};
    const body = { error: error.code, error_description: error.message };
    return { status: isClient ? 401 : 400, headers, body };
  }
  if (!(error instanceof AppError) || error.code !== 'invalid') return undefined;
  const [field] = error.fields;
  const detail = field === undefined ? error.message : `${field.field}: ${field.message}`;
  return { status: 400, body: { error: 'invalid_request', error_description: detail } };
}

const postToken = endpoint({
  method: 'post',
  path: '/api/v1.1/o/token/',
  tag: 'oauth',
  access: 'open',
  id: 'exchangeOAuthToken',
  summary: 'Exchange an authorization code or a refresh token for tokens',
  description:
    'The client sends its id and secret by Basic authentication or in the body. A code can be used once, within one minute.',
  body: requestSchema,
  bodyTypes: ['form', 'json'],
  responses: {
    200: { description: 'The tokens', body: tokensSchema },
    400: { description: 'The grant or the request is invalid', body: errorSchema },
    401: { description: 'The client is unknown or its secret is wrong', body: errorSchema },
  },
  refusal,
  handle: async (ctx, { req, body }) => {
    const { user, accessToken, refreshToken, scopes } = await exchange(ctx, body, req.headers.authorization);
    const tokens: z.input<typeof tokensSchema> = {
      username: user.username,
      user_id: user.userId,
      access_token: accessToken,
      expires_in: ACCESS_SECONDS,
      token_type: 'Bearer',
      scope: scopes.join(' '),
      refresh_token: refreshToken,
    };
    return reply(200, tokens, NOT_KEPT);
  },
});

export const oauthTokenEndpoints = [postToken];
