import type { Context } from '../../../../context';
import { findClient, type OAuthClient } from '../../../../features/oauth/clients';
import { GrantError, type AuthorizationRequest } from '../../../../features/oauth/grants';
import { DEFAULT_SCOPES, isScope, type Scope } from '../../../../features/oauth/scopes';
import { AppError } from '../../../../platform/errors';

/** The request of a known client to a user, with a redirect URI that is registered for the client. */
export interface Asked {
  readonly client: OAuthClient;
  readonly redirectUri: string;
  readonly request: AuthorizationRequest;
}

const FIELDS = [
  'client_id',
  'redirect_uri',
  'response_type',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
] as const;

/**
 * Reads the request in the URL. Only the user sees errors of this step, because there is no trusted address to send
 * them back to.
 *
 * @throws AppError `invalid`
 */
export async function readAsked(ctx: Context, query: URLSearchParams): Promise<Asked> {
  const repeated = FIELDS.find((field) => query.getAll(field).length > 1);
  if (repeated !== undefined) throw new AppError('invalid', `The link contains ${repeated} more than once.`);
  const client = await findClient(ctx, query.get('client_id') ?? '');
  if (client === undefined) throw new AppError('invalid', 'This link is for an unknown application.');
  const [first, ...others] = client.redirectUris;
  const redirectUri = query.get('redirect_uri') ?? (others.length === 0 ? first : undefined);
  if (redirectUri === undefined || !client.redirectUris.includes(redirectUri)) {
    throw new AppError('invalid', 'The link leads to an address that is not registered for the application.');
  }
  const given = FIELDS.map((field) => [field, query.get(field)]).filter(([, value]) => value !== null);
  const request = Object.fromEntries(given) as Record<string, string>;
  return { client, redirectUri, request: { ...request, redirect_uri: redirectUri } };
}

/**
 * The scopes that the client asks for, so that the user can be asked. The grant checks the request against every rule
 * again.
 *
 * @throws GrantError, which is for the client
 */
export function wantedScopes({ request }: Asked): readonly Scope[] {
  if (request['response_type'] !== 'code') {
    throw new GrantError('unsupported_response_type', 'response_type must be code');
  }
  const challenge = request['code_challenge'];
  if (challenge !== undefined && !/^[A-Za-z0-9._~-]{43,128}$/.test(challenge)) {
    throw new GrantError('invalid_request', 'code_challenge must be 43 to 128 base64url characters');
  }
  const names = (request['scope'] ?? '').split(/\s+/).filter((name) => name !== '');
  if (!names.every(isScope)) throw new GrantError('invalid_scope', 'unknown scope');
  return names.length === 0 ? DEFAULT_SCOPES : [...new Set(names)];
}
